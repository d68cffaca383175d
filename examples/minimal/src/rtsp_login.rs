//! The login of an RTSP client: user name and password of its URL, by Digest or Basic.

use std::{error::Error, net::IpAddr, time::Instant};

use weir_auth::{Secret, http::HttpClient};
use weir_rtsp::{ClientEvent, ClientSession, Url};

use crate::seed;

/// Answers what a server wants to know of a client.
#[derive(Debug)]
pub struct RtspLogin(Option<HttpClient>);

impl RtspLogin {
    /// Takes user name and password of the URL, if it has any. Basic, which shows the password to
    /// the network, is for this machine only.
    ///
    /// # Errors
    /// If the URL cannot be read, or the system has no random numbers.
    pub fn new(url: &str) -> Result<Self, Box<dyn Error>> {
        let url: Url = url.parse()?;
        let (Some(user), Some(password)) = (url.user(), url.password()) else {
            return Ok(Self(None));
        };
        let client = HttpClient::new(user, &Secret::from(password), seed()?);
        let address = url.host().parse::<IpAddr>();
        Ok(Self(Some(match address.is_ok_and(|ip| ip.is_loopback()) {
            true => client.allow_basic(),
            false => client,
        })))
    }

    /// Logs in where the server asks for it.
    ///
    /// # Errors
    /// If the server refused a request, the login included, or did not answer it.
    pub fn handle(
        &mut self,
        session: &mut ClientSession,
        event: &ClientEvent,
    ) -> Result<(), Box<dyn Error>> {
        match event {
            ClientEvent::AuthorizationWanted {
                id,
                method,
                uri,
                challenges,
            } => {
                let client = self.0.as_mut().ok_or("a user name is wanted in the URL")?;
                match &challenges[..] {
                    // The challenge of an earlier request holds on.
                    [] => client.handle_accepted(),
                    new => client.handle_unauthorized(new.iter().map(String::as_str))?,
                }
                let answer = client.authorization(method.as_str(), uri, &[]);
                let answer = answer.ok_or("nothing to answer")?;
                Ok(session.authorize(*id, &answer, Instant::now())?)
            }
            ClientEvent::Refused {
                method, response, ..
            } => Err(format!("{method}: {} {}", response.status, response.reason).into()),
            ClientEvent::Unanswered { method, .. } => Err(format!("{method}: no answer").into()),
            _ => Ok(()),
        }
    }
}
