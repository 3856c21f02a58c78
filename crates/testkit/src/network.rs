//! A network between devices and one relay that loses, cuts, repeats, delays and garbles: bytes only.
//!
//! What is sent lies here until somebody asks for the next arrival, which is any of what is under way: delay and
//! reordering come of themselves.

use crate::{Seed, Tally};

/// What a captive portal answers to anything.
const PORTAL: &[u8] =
    b"<!DOCTYPE html><html><head><title>WiFi Gratis</title></head><body>Masuk dulu</body></html>";
/// Requests remembered to be sent again later.
const REMEMBERED: usize = 32;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the relay.
    Request,
    /// To the device.
    Answer,
}

/// A message under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which device sent it or is to get it.
    pub device: usize,
    /// Which of the device's requests it is or answers.
    pub attempt: u64,
    /// Which way.
    pub way: Way,
    /// Where at the relay a request goes; empty in an answer.
    pub path: &'static str,
    /// The status of an answer; 0 in a request.
    pub status: u16,
    /// The body.
    pub bytes: Vec<u8>,
}

/// The network.
#[derive(Debug, Default)]
pub struct Network {
    under_way: Vec<Message>,
    remembered: Vec<Message>,
    /// It loses and garbles nothing.
    pub is_calm: bool,
}

/// Names of the faults, for a [`Tally`].
pub const FAULTS: [&str; 9] = [
    "request lost",
    "answer lost",
    "request cut",
    "answer cut",
    "request twice",
    "answer twice",
    "old request again",
    "portal instead of answer",
    "overtaken",
];

impl Network {
    /// Sends a message, or what the network makes of it.
    pub fn send(&mut self, mut message: Message, seed: &mut Seed, tally: &mut Tally) {
        let is_request = message.way == Way::Request;
        if self.is_calm {
            self.under_way.push(message);
            return;
        }
        if is_request {
            self.remember(&message, seed);
        }
        let name = |request, answer| if is_request { request } else { answer };
        match seed.below(16) {
            0 => return tally.note(name("request lost", "answer lost")),
            1 => {
                message.bytes.truncate(seed.below(message.bytes.len()));
                tally.note(name("request cut", "answer cut"));
            }
            2 => {
                self.under_way.push(message.clone());
                tally.note(name("request twice", "answer twice"));
            }
            3 if !is_request => {
                message.status = *seed.pick(&[200, 302, 511]);
                message.bytes = PORTAL.to_vec();
                tally.note("portal instead of answer");
            }
            _ => {}
        }
        self.under_way.push(message);
    }

    fn remember(&mut self, message: &Message, seed: &mut Seed) {
        if self.remembered.len() < REMEMBERED {
            self.remembered.push(message.clone());
        } else {
            let place = seed.below(REMEMBERED);
            self.remembered[place] = message.clone();
        }
    }

    /// Sends some old request once more.
    pub fn replay(&mut self, seed: &mut Seed, tally: &mut Tally) {
        if !self.remembered.is_empty() {
            let old = seed.pick(&self.remembered).clone();
            self.under_way.push(old);
            tally.note("old request again");
        }
    }

    /// What arrives next: any of what is under way.
    pub fn arrival(&mut self, seed: &mut Seed, tally: &mut Tally) -> Option<Message> {
        if self.under_way.is_empty() {
            return None;
        }
        let place = seed.below(self.under_way.len());
        if place > 0 {
            tally.note("overtaken");
        }
        Some(self.under_way.remove(place))
    }

    /// Loses everything that is under way.
    pub fn clear(&mut self) {
        self.under_way.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(way: Way, attempt: u64) -> Message {
        Message { device: 0, attempt, way, path: "", status: 200, bytes: vec![7; 100] }
    }

    #[test]
    fn every_fault_fires_and_most_messages_arrive() {
        let (mut network, mut seed, mut tally) = (Network::default(), Seed::new(5), Tally::default());
        let mut whole = 0;
        for attempt in 0..1_000 {
            let way = if attempt % 2 == 0 { Way::Request } else { Way::Answer };
            network.send(message(way, attempt), &mut seed, &mut tally);
            if seed.once_in(20) {
                network.replay(&mut seed, &mut tally);
            }
            if seed.once_in(3) {
                continue;
            }
            let arrived = network.arrival(&mut seed, &mut tally);
            whole += usize::from(arrived.is_some_and(|message| message.bytes == [7; 100]));
        }
        assert!(tally.rare(&FAULTS, 1, 100).is_empty(), "{tally}");
        assert!(whole > 400, "{whole}");
    }

    #[test]
    fn a_calm_network_loses_nothing() {
        let (mut network, mut seed, mut tally) = (Network::default(), Seed::new(5), Tally::default());
        network.is_calm = true;
        for attempt in 0..100 {
            network.send(message(Way::Answer, attempt), &mut seed, &mut tally);
            assert_eq!(network.arrival(&mut seed, &mut tally), Some(message(Way::Answer, attempt)));
        }
        assert_eq!(tally, Tally::default());
        network.send(message(Way::Request, 0), &mut seed, &mut tally);
        network.clear();
        assert_eq!(network.arrival(&mut seed, &mut tally), None);
    }
}
