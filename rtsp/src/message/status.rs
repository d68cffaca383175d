//! The registry of status codes.

use core::fmt;

/// The three digits of a response. An open registry: any number from 100 to 999 survives.
///
/// ```
/// use weir_rtsp::message::StatusCode;
///
/// assert_eq!(StatusCode::from_u16(454), Some(StatusCode::SESSION_NOT_FOUND));
/// assert_eq!(StatusCode::SESSION_NOT_FOUND.reason(), "Session Not Found");
/// assert_eq!(StatusCode::from_u16(1000), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

macro_rules! status_codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $reason:literal;)*) => {
        impl StatusCode {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// The reason phrase of the registry, or the empty string.
            pub const fn reason(self) -> &'static str {
                match self.0 {
                    $($number => $reason,)*
                    _ => "",
                }
            }
        }
    };
}

status_codes! {
    /// Go on with the request. RFC 2326, section 11.
    CONTINUE = 100, "Continue";
    /// The request succeeded. RFC 2326, section 11.
    OK = 200, "OK";
    /// The resource was created. RFC 2326, section 11.
    CREATED = 201, "Created";
    /// Recording started, but storage may run out. RFC 2326, section 11.1.2.
    LOW_ON_STORAGE_SPACE = 250, "Low on Storage Space";
    /// RFC 2326, section 11.2.
    MULTIPLE_CHOICES = 300, "Multiple Choices";
    /// RFC 2326, section 11.2.
    MOVED_PERMANENTLY = 301, "Moved Permanently";
    /// RFC 2326, section 11.2; "Found" in RFC 7826, section 17.3.3.
    MOVED_TEMPORARILY = 302, "Moved Temporarily";
    /// RFC 2326, section 11.2.
    SEE_OTHER = 303, "See Other";
    /// RFC 2326, section 11.2.
    NOT_MODIFIED = 304, "Not Modified";
    /// RFC 2326, section 11.2.
    USE_PROXY = 305, "Use Proxy";
    /// The request cannot be understood. RFC 2326, section 11.3.
    BAD_REQUEST = 400, "Bad Request";
    /// Credentials are wanted: a `WWW-Authenticate` header says which. RFC 2326, section 11.3.
    UNAUTHORIZED = 401, "Unauthorized";
    /// RFC 2326, section 11.3.
    PAYMENT_REQUIRED = 402, "Payment Required";
    /// RFC 2326, section 11.3.
    FORBIDDEN = 403, "Forbidden";
    /// RFC 2326, section 11.3.
    NOT_FOUND = 404, "Not Found";
    /// The method may not be used on this resource. RFC 2326, section 11.3.1.
    METHOD_NOT_ALLOWED = 405, "Method Not Allowed";
    /// RFC 2326, section 11.3.
    NOT_ACCEPTABLE = 406, "Not Acceptable";
    /// RFC 2326, section 11.3.
    PROXY_AUTHENTICATION_REQUIRED = 407, "Proxy Authentication Required";
    /// RFC 2326, section 11.3.
    REQUEST_TIME_OUT = 408, "Request Time-out";
    /// RFC 2326, section 11.3.
    GONE = 410, "Gone";
    /// RFC 2326, section 11.3.
    LENGTH_REQUIRED = 411, "Length Required";
    /// RFC 2326, section 11.3.
    PRECONDITION_FAILED = 412, "Precondition Failed";
    /// RFC 2326, section 11.3.
    REQUEST_ENTITY_TOO_LARGE = 413, "Request Entity Too Large";
    /// RFC 2326, section 11.3.
    REQUEST_URI_TOO_LARGE = 414, "Request-URI Too Large";
    /// RFC 2326, section 11.3.
    UNSUPPORTED_MEDIA_TYPE = 415, "Unsupported Media Type";
    /// RFC 2326, section 11.3.2.
    PARAMETER_NOT_UNDERSTOOD = 451, "Parameter Not Understood";
    /// RFC 2326, section 11.3.3.
    CONFERENCE_NOT_FOUND = 452, "Conference Not Found";
    /// RFC 2326, section 11.3.4.
    NOT_ENOUGH_BANDWIDTH = 453, "Not Enough Bandwidth";
    /// The server does not know the session id. RFC 2326, section 11.3.5.
    SESSION_NOT_FOUND = 454, "Session Not Found";
    /// RFC 2326, section 11.3.6.
    METHOD_NOT_VALID_IN_THIS_STATE = 455, "Method Not Valid in This State";
    /// RFC 2326, section 11.3.7.
    HEADER_FIELD_NOT_VALID_FOR_RESOURCE = 456, "Header Field Not Valid for Resource";
    /// RFC 2326, section 11.3.8.
    INVALID_RANGE = 457, "Invalid Range";
    /// RFC 2326, section 11.3.9.
    PARAMETER_IS_READ_ONLY = 458, "Parameter Is Read-Only";
    /// RFC 2326, section 11.3.10.
    AGGREGATE_OPERATION_NOT_ALLOWED = 459, "Aggregate Operation Not Allowed";
    /// RFC 2326, section 11.3.11.
    ONLY_AGGREGATE_OPERATION_ALLOWED = 460, "Only Aggregate Operation Allowed";
    /// None of the offered transports can be served. RFC 2326, section 11.3.12.
    UNSUPPORTED_TRANSPORT = 461, "Unsupported Transport";
    /// RFC 2326, section 11.3.13.
    DESTINATION_UNREACHABLE = 462, "Destination Unreachable";
    /// RFC 4567, section 5.4 (key management).
    KEY_MANAGEMENT_FAILURE = 463, "Key Management Failure";
    /// RFC 7826, section 17.4.25.
    DATA_TRANSPORT_NOT_READY_YET = 464, "Data Transport Not Ready Yet";
    /// RFC 7826, section 17.4.26.
    NOTIFICATION_REASON_UNKNOWN = 465, "Notification Reason Unknown";
    /// RFC 7826, section 17.4.27.
    KEY_MANAGEMENT_ERROR = 466, "Key Management Error";
    /// RFC 7826, section 17.4.28.
    CONNECTION_AUTHORIZATION_REQUIRED = 470, "Connection Authorization Required";
    /// RFC 7826, section 17.4.29.
    CONNECTION_CREDENTIALS_NOT_ACCEPTED = 471, "Connection Credentials Not Accepted";
    /// RFC 7826, section 17.4.30.
    FAILURE_TO_ESTABLISH_SECURE_CONNECTION = 472, "Failure to Establish Secure Connection";
    /// RFC 2326, section 11.3.
    INTERNAL_SERVER_ERROR = 500, "Internal Server Error";
    /// The server does not know the method. RFC 2326, section 11.3.
    NOT_IMPLEMENTED = 501, "Not Implemented";
    /// RFC 2326, section 11.3.
    BAD_GATEWAY = 502, "Bad Gateway";
    /// RFC 2326, section 11.3.
    SERVICE_UNAVAILABLE = 503, "Service Unavailable";
    /// RFC 2326, section 11.3.
    GATEWAY_TIME_OUT = 504, "Gateway Time-out";
    /// RFC 2326, section 11.3.
    RTSP_VERSION_NOT_SUPPORTED = 505, "RTSP Version Not Supported";
    /// A `Require` header names an option the server has not got. RFC 2326, section 11.3.14.
    OPTION_NOT_SUPPORTED = 551, "Option Not Supported";
    /// RFC 7826, section 17.5.8.
    PROXY_UNAVAILABLE = 553, "Proxy Unavailable";
}

impl StatusCode {
    /// The code with this number, or `None` outside 100 to 999.
    pub const fn from_u16(number: u16) -> Option<Self> {
        match number {
            100..=999 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number.
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// 100 to 199: a final response follows.
    pub const fn is_provisional(self) -> bool {
        self.0 < 200
    }

    /// 200 to 299.
    pub const fn is_success(self) -> bool {
        matches!(self.0, 200..=299)
    }

    /// 300 to 399.
    pub const fn is_redirection(self) -> bool {
        matches!(self.0, 300..=399)
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.reason())
    }
}
