//! The message every change carries: who did it, with which command.

use sambung_domain::StaffId;
use serde::{Deserialize, Serialize};

use crate::gate::MESSAGE_MAX;

/// Greatest length of a command's name.
pub const COMMAND_MAX: usize = 64;

/// Who made a change with which command. The device vouches for it: its key signs the batch, and the
/// person is the one who had unlocked it.
///
/// Written as JSON without spaces, keys sorted, at most [`MESSAGE_MAX`] bytes; any other text is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The command: 1 to 64 of `a`–`z`, `_` and `.`.
    pub command: String,
    /// Why, where the command asks for a reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The member of staff.
    pub staff: StaffId,
}

/// Why a text is no message, or a message has no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The command's name is empty, too long or has other characters.
    #[error("a command is named by 1 to {COMMAND_MAX} of a-z, _ and .")]
    Command,
    /// Too long, usually because of the reason.
    #[error("the reason is too long; the whole message may have {MESSAGE_MAX} bytes")]
    Length,
    /// Not the one text such a message has.
    #[error("the text is not a message in its only form")]
    Form,
}

impl Message {
    /// The text to put into a change.
    ///
    /// # Errors
    /// [`MessageError`] where the command has no name, or the text would be too long.
    pub fn encode(&self) -> Result<String, MessageError> {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.';
        if !(1..=COMMAND_MAX).contains(&self.command.len()) || !self.command.bytes().all(known) {
            return Err(MessageError::Command);
        }
        let text = serde_json::to_string(self).map_err(|_| MessageError::Form)?;
        if text.len() <= MESSAGE_MAX { Ok(text) } else { Err(MessageError::Length) }
    }

    /// The message behind a text.
    ///
    /// # Errors
    /// [`MessageError`] where the text is not what [`encode`](Message::encode) gives.
    pub fn decode(text: &str) -> Result<Message, MessageError> {
        if text.len() > MESSAGE_MAX {
            return Err(MessageError::Length);
        }
        let message: Message = serde_json::from_str(text).map_err(|_| MessageError::Form)?;
        if message.encode()? == text { Ok(message) } else { Err(MessageError::Form) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::RecordId;

    const STAFF: &str = "00000000000000000000000001";

    fn message(reason: Option<&str>) -> Message {
        let mut id = [0; 16];
        id[15] = 1;
        Message { command: "record.edit".to_owned(), reason: reason.map(str::to_owned), staff: RecordId(id) }
    }

    #[test]
    fn a_message_has_one_text() {
        let text = message(None).encode().unwrap();
        assert_eq!(text, format!(r#"{{"command":"record.edit","staff":"{STAFF}"}}"#));
        assert_eq!(Message::decode(&text), Ok(message(None)));
        let text = message(Some("pindah \"rumah\"")).encode().unwrap();
        assert_eq!(Message::decode(&text), Ok(message(Some("pindah \"rumah\""))));
    }

    #[test]
    fn any_other_text_is_refused() {
        for bad in [
            String::new(),
            "{}".to_owned(),
            format!(r#"{{"command":"a", "staff":"{STAFF}"}}"#),
            format!(r#"{{"staff":"{STAFF}","command":"a"}}"#),
            format!(r#"{{"command":"a","extra":1,"staff":"{STAFF}"}}"#),
            format!(r#"{{"command":"a","command":"a","staff":"{STAFF}"}}"#),
            format!(r#"{{"command":"a","reason":null,"staff":"{STAFF}"}}"#),
            format!(r#"{{"command":"\u0061","staff":"{STAFF}"}}"#),
            r#"{"command":"a","staff":"0000000000000000000000000A"}"#.to_owned(),
            r#"{"command":"a","staff":"x"}"#.to_owned(),
        ] {
            assert_eq!(Message::decode(&bad), Err(MessageError::Form), "{bad}");
        }
        for bad in [String::new(), "A".to_owned(), "a b".to_owned(), "a".repeat(COMMAND_MAX + 1)] {
            let text = format!(r#"{{"command":"{bad}","staff":"{STAFF}"}}"#);
            assert_eq!(Message::decode(&text), Err(MessageError::Command), "{bad}");
        }
    }

    #[test]
    fn the_limits_are_inclusive() {
        let bare = message(Some("")).encode().unwrap().len();
        let longest = "x".repeat(MESSAGE_MAX - bare);
        assert_eq!(message(Some(&longest)).encode().unwrap().len(), MESSAGE_MAX);
        assert_eq!(message(Some(&format!("{longest}x"))).encode(), Err(MessageError::Length));
        let named = |length| Message { command: "a".repeat(length), ..message(None) };
        assert!(named(COMMAND_MAX).encode().is_ok());
        assert_eq!(named(COMMAND_MAX + 1).encode(), Err(MessageError::Command));
    }
}
