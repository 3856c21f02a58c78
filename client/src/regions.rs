//! The regions of Indonesia, which this program carries: unpacked when they are first asked for.

use std::sync::OnceLock;

use sambung_domain::region::Regions;

const PACKED: &[u8] = include_bytes!("../../crates/domain/data/regions-id.zst");

/// The region table; none in a build whose table is damaged, which a test would find.
pub(crate) fn regions() -> Option<&'static Regions> {
    static TABLE: OnceLock<Option<Regions>> = OnceLock::new();
    TABLE.get_or_init(|| Regions::read(&zstd::decode_all(PACKED).ok()?).ok()).as_ref()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_carried_along() {
        let regions = super::regions().unwrap();
        assert!(regions.get("35.13.08.2006".parse().unwrap()).is_some());
    }
}
