//! Pictures of figures, as plain SVG.

use anyhow::Result;

use super::figure::Figure;

pub(super) fn write(_figures: &[Figure]) -> Result<()> {
    Ok(())
}
