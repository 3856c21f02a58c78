//! Numbers as they stand in lists, on shared screens and in logs: enough to tell two apart, not to use one.
//!
//! A mask shows less than can be completed from what neighbours know. Of a NIK the kecamatan, the day of birth
//! and the sex are no secret in a village, so region and serial together would give it away: a mask shows
//! four digits of the region and two of the serial.

/// What stands for a hidden sign.
pub const HIDDEN: char = '•';

/// Which number is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masked {
    /// NIK or KK: first four, last two.
    Civil,
    /// Passport: first one, last two.
    Passport,
    /// Telephone in E.164: first five (country code and network), last three.
    Phone,
    /// Card: last four of its compact form.
    Card,
    /// Anything else: last two.
    Other,
}

/// Usual length, signs shown at the start, signs shown at the end.
fn shown(kind: Masked) -> (usize, usize, usize) {
    match kind {
        Masked::Civil => (16, 4, 2),
        Masked::Passport => (8, 1, 2),
        Masked::Phone => (12, 5, 3),
        Masked::Card => (11, 0, 4),
        Masked::Other => (8, 0, 2),
    }
}

/// The masked form of a kept text: of the same length where it is as long as such numbers are, with a fixed
/// number of hidden signs otherwise. A text shorter than usual shows nothing: it may be anything.
#[must_use]
pub fn mask(kind: Masked, text: &str) -> String {
    let (usual, start, end) = shown(kind);
    let signs: Vec<char> = text.chars().collect();
    if signs.is_empty() {
        return String::new();
    }
    let hidden = |count: usize| std::iter::repeat_n(HIDDEN, count);
    if signs.len() < usual || signs.len() > usual + 4 {
        return hidden(usual).collect();
    }
    let (first, rest) = signs.split_at(start);
    let (middle, last) = rest.split_at(rest.len() - end);
    first.iter().copied().chain(hidden(middle.len())).chain(last.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Masked; 5] = [Masked::Civil, Masked::Passport, Masked::Phone, Masked::Card, Masked::Other];

    #[test]
    fn each_number_has_its_mask() {
        assert_eq!(mask(Masked::Civil, "3513025705840002"), "3513••••••••••02");
        assert_eq!(mask(Masked::Passport, "C1234567"), "C•••••67");
        assert_eq!(mask(Masked::Phone, "+6281234567890"), "+6281••••••890");
        assert_eq!(mask(Masked::Card, "4829153067W"), "•••••••067W");
        assert_eq!(mask(Masked::Civil, "35130"), "••••••••••••••••");
        assert_eq!(mask(Masked::Civil, ""), "");
    }

    proptest! {
        #[test]
        fn most_signs_stay_hidden(text in "\\PC{1,30}", at in 0usize..5) {
            let masked = mask(KINDS[at], &text);
            let hidden = masked.chars().filter(|&sign| sign == HIDDEN).count();
            let open = masked.chars().count() - hidden;
            // Telephone numbers show their network; the shortest leave a third hidden.
            prop_assert!(hidden >= 4 && open <= 8);
            prop_assert!(KINDS[at] == Masked::Phone || hidden >= 5);
        }
    }
}
