//! The plain answer: an echo.

use super::Part;

/// Whether `answer` repeats the random bytes of `greeting`.
///
/// The first eight bytes are times: the specification has the answerer replace the second four,
/// most implementations echo both.
pub(super) fn is_echo(answer: &Part, greeting: &[u8]) -> bool {
    answer.get(8..) == greeting.get(8..)
}
