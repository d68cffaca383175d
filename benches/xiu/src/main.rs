//! See [`weir_benches::instructions`].

fn main() -> std::process::ExitCode {
    weir_benches::instructions::main(weir_benches_xiu::rows())
}
