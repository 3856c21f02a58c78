//! What can be odd about a number, for the person who typed it.

mod civil;
mod paper;
mod phone;

pub use civil::{Civil, CivilWarning, MismatchWarning};
pub use paper::PaperWarning;
pub use phone::PhoneWarning;

use crate::pack::Bilingual;

/// Something odd about a typed number. Never a reason not to save it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// The form of a NIK or KK.
    Civil(Civil, CivilWarning),
    /// A number against what else is known of the person.
    Mismatch(MismatchWarning),
    /// The form of a passport or card number.
    Paper(PaperWarning),
    /// A telephone number.
    Phone(PhoneWarning),
}

impl Warning {
    /// A stable code, for programs and tests.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Warning::Civil(civil, warning) => warning.code(*civil),
            Warning::Mismatch(warning) => warning.code(),
            Warning::Paper(warning) => warning.code(),
            Warning::Phone(warning) => warning.code(),
        }
    }

    /// A sentence for the person who typed it, in both languages. It repeats no personal number.
    #[must_use]
    pub fn text(&self) -> Bilingual {
        let (id, en) = match self {
            Warning::Civil(civil, warning) => warning.text(*civil),
            Warning::Mismatch(warning) => warning.text(),
            Warning::Paper(warning) => warning.text(),
            Warning::Phone(warning) => warning.text(),
        };
        Bilingual { id, en }
    }
}

/// Sentence in Indonesian, sentence in English.
type Both = (String, String);

fn both(id: impl Into<String>, en: impl Into<String>) -> Both {
    (id.into(), en.into())
}
