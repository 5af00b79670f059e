//! URLs with places to fill in: `http://{server}:8080/whip/{room}/{seat}`. What is wrong with one is
//! said where the command line is read.

use std::net::IpAddr;
use std::str::FromStr;

use anyhow::{anyhow, bail};

const SCHEME: &str = "http://";

/// Where a publisher's offer goes: `{server}`, `{room}` and `{seat}` are filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishUrl(Template);

/// Where the offer to watch a publisher goes: `{server}`, `{room}`, `{publisher}`, which is its
/// seat, and `{seat}`, the viewer's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayUrl(Template);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Template(String);

impl FromStr for PublishUrl {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Template::parse(text, &["{room}", "{seat}"], &["{server}"]).map(Self)
    }
}

impl FromStr for PlayUrl {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Template::parse(text, &["{room}", "{publisher}"], &["{server}", "{seat}"]).map(Self)
    }
}

impl PublishUrl {
    pub fn at(&self, server: IpAddr) -> Self {
        Self(self.0.at(server))
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.0.origin()
    }

    /// Host and port.
    pub fn authority(&self) -> String {
        self.0.authority().to_owned()
    }

    pub fn path(&self, room: &str, seat: usize) -> String {
        let path = self.0.path().replace("{room}", room);
        path.replace("{seat}", &seat.to_string())
    }
}

impl PlayUrl {
    pub fn at(&self, server: IpAddr) -> Self {
        Self(self.0.at(server))
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        self.0.origin()
    }

    pub fn path(&self, room: &str, publisher: usize, seat: usize) -> String {
        let path = self.0.path().replace("{room}", room);
        let path = path.replace("{publisher}", &publisher.to_string());
        path.replace("{seat}", &seat.to_string())
    }
}

impl Template {
    /// Without one of `needed` two participants would share a URL.
    fn parse(text: &str, needed: &[&str], allowed: &[&str]) -> anyhow::Result<Self> {
        if !text.starts_with(SCHEME) {
            bail!("it must begin with {SCHEME}: TLS is not measured");
        }
        for placeholder in placeholders(text)? {
            if !needed.contains(&placeholder) && !allowed.contains(&placeholder) {
                let known = [needed, allowed].concat().join(" ");
                bail!("{placeholder} stands for nothing; there are {known}");
            }
        }
        let template = Self(text.to_owned());
        match needed.iter().find(|it| !template.path().contains(**it)) {
            Some(lacking) => bail!("its path lacks {lacking}: it would be the same for all"),
            None => Ok(template),
        }
    }

    fn at(&self, server: IpAddr) -> Self {
        Self(at(&self.0, server))
    }

    fn origin(&self) -> String {
        format!("{SCHEME}{}", self.authority())
    }

    fn authority(&self) -> &str {
        self.parts().0
    }

    fn path(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        let rest = self.0.strip_prefix(SCHEME).unwrap_or_default();
        rest.split_at(rest.find('/').unwrap_or(rest.len()))
    }
}

/// `{server}` filled in, of a URL or a command.
pub(super) fn at(text: &str, server: IpAddr) -> String {
    text.replace("{server}", &server.to_string())
}

/// Each `{…}`, brackets included.
fn placeholders(text: &str) -> anyhow::Result<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(begin) = rest.find(['{', '}']) {
        let open = &rest[begin..];
        let end = open.find('}').filter(|end| *end > 0);
        let end = end.ok_or_else(|| anyhow!("a bracket without its other half: {open}"))?;
        let (placeholder, after) = open.split_at(end + 1);
        found.push(placeholder);
        rest = after;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in() {
        let server = IpAddr::from([10, 99, 0, 1]);
        let publish: PublishUrl = "http://{server}:8889/{room}-{seat}/whip".parse().unwrap();
        let publish = publish.at(server);
        assert_eq!(publish.origin(), "http://10.99.0.1:8889");
        assert_eq!(publish.authority(), "10.99.0.1:8889");
        assert_eq!(publish.path("r", 3), "/r-3/whip");
        let play = "http://sfu.test/{room}/{publisher}?as={seat}";
        let play: PlayUrl = play.parse().unwrap();
        assert_eq!(play.at(server).origin(), "http://sfu.test");
        assert_eq!(play.path("r", 3, 5), "/r/3?as=5");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |text: &str| text.parse::<PublishUrl>().unwrap_err().to_string();
        let lacking = wrong("http://a/whip/{room}");
        assert!(lacking.contains("lacks {seat}"), "{lacking}");
        let lacking = wrong("http://a");
        assert!(lacking.contains("lacks {room}"), "{lacking}");
        let unknown = wrong("http://a/{room}/{seat}/{publisher}");
        assert!(
            unknown.contains("{publisher} stands for nothing"),
            "{unknown}"
        );
        assert!(wrong("https://a/{room}/{seat}").contains("http://"));
        for broken in [
            "http://a/{room}/{seat",
            "http://a/}{room}/{seat}",
            "http://a/{{room}/{seat}",
        ] {
            assert!(!wrong(broken).is_empty(), "{broken}");
        }
        let lacking = "http://a/{room}/{seat}".parse::<PlayUrl>().unwrap_err();
        assert!(
            lacking.to_string().contains("lacks {publisher}"),
            "{lacking}"
        );
    }
}
