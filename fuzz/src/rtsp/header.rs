//! Header values and URLs: what reads is written and reads the same.

use core::{fmt::Display, str::FromStr};

use weir_rtsp::{
    Url, content_base,
    header::{Options, Public, Range, RtpInfo, Scale, Session, Speed, Transports},
    join_control,
    message::Version,
};

use super::selector;

/// The first byte picks the header.
pub fn rtsp_header(data: &[u8]) {
    let Some((which, bytes)) = selector(data) else {
        return;
    };
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    match which % 10 {
        0 => {
            for transport in Transports::from(text).readable() {
                same_text::<weir_rtsp::header::Transport>(&transport.to_string());
            }
        }
        1 => same_text::<Session>(text),
        2 => same_text::<Range>(text),
        3 => {
            same_text::<RtpInfo>(text);
            if let Ok(info) = text.parse::<RtpInfo>() {
                let _ = info.encode(Version::V2_0);
            }
        }
        4 => same_text::<Scale>(text),
        5 => same_text::<Speed>(text),
        6 => same_text::<Url>(text),
        7 => {
            let list = Public::from(text);
            assert_eq!(Public::from(list.to_string().as_str()), list);
        }
        8 => {
            let list = Options::from(text);
            assert_eq!(Options::from(list.to_string().as_str()), list);
        }
        _ => {
            let (base, control) = text.split_once('\n').unwrap_or((text, ""));
            let base = content_base("rtsp://h:8554/a", Some(base));
            assert!(join_control(&base, Some(control)).len() <= base.len() + control.len() + 1);
        }
    }
}

/// Written once, a value is written the same for ever.
fn same_text<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let written = value.to_string();
        let Ok(again) = written.parse::<T>() else {
            panic!("{text:?} written as {written:?}")
        };
        assert_eq!(again.to_string(), written, "of {text:?}");
    }
}
