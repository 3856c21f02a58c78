//! Answering whoever asks how a report stands.

use std::fmt;

use sambung_domain::identifier::{CardNumber, TrackingCode};
use sambung_domain::pack::{Bilingual, CARD_STATES, NOTHING_TO_TELL};
use sambung_domain::{Pack, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{STATUS_CARD, card_id};
use crate::command::is_withdrawn;
use crate::{Replica, ReplicaError, loaded, projection};

/// The field with the state.
pub(crate) const STATE: &str = "keadaan";
/// The field with the day of the last step.
pub(crate) const DAY: &str = "tanggal";
/// The field with the office's telephone.
pub(crate) const PHONE: &str = "telepon_kantor";

/// What somebody brings to the counter. It does not print itself: neither half belongs in a log.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// The number of the card, as typed.
    pub number: String,
    /// Its tracking code, as typed.
    pub code: String,
}

impl fmt::Debug for Track {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Track(…)")
    }
}

/// What the counter answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Tracked {
    /// Whether there is something to tell.
    pub found: bool,
    /// The code of the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What to say, in both languages.
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub sentence: Bilingual,
    /// The day of the last step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The telephone of the office that handles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Replica {
    /// Answers how the report of a card stands. A number or a code that is mistyped, that do not belong together or of
    /// which nothing was written yet get the same answer after the same work.
    ///
    /// # Errors
    /// What the database says.
    pub fn track(&self, asked: &Track) -> Result<Tracked, ReplicaError> {
        let number = asked.number.parse::<CardNumber>().ok();
        let code = TrackingCode::read(&asked.code);
        let is_read = number.is_some() && code.is_some();
        let number = number.unwrap_or_else(|| CardNumber::from_random([0; 8]));
        let code = code.unwrap_or_else(|| TrackingCode::from_random([0; 8]));
        let id = card_id(&self.identity.deployment, number, &code);
        let shown = id.map(|id| self.shown_on(id)).transpose()?.flatten();
        let told = shown.filter(|_| is_read).and_then(|content| tell(&self.pack, &content));
        Ok(told.unwrap_or_else(|| nothing(&self.pack)))
    }

    /// What a status card says.
    fn shown_on(&self, id: RecordId) -> Result<Option<Map<String, Json>>, ReplicaError> {
        let row = loaded::find(&self.connection, id)?.filter(|row| row.kind == STATUS_CARD);
        let content = row.map(|row| projection::content(&self.connection, &row)).transpose()?;
        Ok(content.filter(|content| !is_withdrawn(content)))
    }
}

fn tell(pack: &Pack, content: &Map<String, Json>) -> Option<Tracked> {
    let text = |key: &str| content.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
    let state = text(STATE)?;
    let label =
        pack.codes.get(CARD_STATES).and_then(|states| states.code(state)).map(|code| code.label.clone());
    // A state of a later release is shown as it stands.
    let sentence = label.unwrap_or_else(|| Bilingual { id: state.to_owned(), en: state.to_owned() });
    let owned = |key| text(key).map(str::to_owned);
    Some(Tracked { found: true, state: owned(STATE), sentence, date: owned(DAY), phone: owned(PHONE) })
}

fn nothing(pack: &Pack) -> Tracked {
    let sentence = pack.messages.get(NOTHING_TO_TELL).cloned();
    let silence = || Bilingual { id: String::new(), en: String::new() };
    let sentence = sentence.unwrap_or_else(silence);
    Tracked { found: false, state: None, sentence, date: None, phone: None }
}
