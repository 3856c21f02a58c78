//! Tile-grid maps: one cell a region, drawn without boundaries.

use super::{Level, RegionCode, Regions};

/// Greatest width and height of a grid.
const SIDE_MAX: usize = 64;

/// Where each region of one parent stands in a grid, columns from the west, rows from the north, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileGrid {
    /// Number of columns.
    pub columns: usize,
    /// Number of rows.
    pub rows: usize,
    /// (code, column, row), in the order of codes.
    pub cells: Vec<(RegionCode, usize, usize)>,
}

/// A text that is no grid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tile grid, line {line}: {why}")]
pub struct BadGrid {
    /// Line of the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

/// The grid of East Java's 38 kabupaten and kota, `data/grid-35.txt`; placed by hand after their positions
/// on the map, so that neighbours are near each other. It shows where, not how far or how large.
///
/// # Errors
/// None in a released build: a test reads it.
pub fn east_java_grid() -> Result<TileGrid, BadGrid> {
    TileGrid::read(include_str!("../../data/grid-35.txt"))
}

impl TileGrid {
    /// Reads a grid drawn as text: a line a row, cells divided by spaces, a region code or `..`; what follows
    /// `#` is a comment and lines without cells do not count.
    ///
    /// # Errors
    /// [`BadGrid`] names the line: no code, a code twice, rows of different width, too many.
    pub fn read(text: &str) -> Result<TileGrid, BadGrid> {
        let mut grid = TileGrid { columns: 0, rows: 0, cells: Vec::new() };
        for (at, line) in text.lines().enumerate() {
            let bad = |why: String| BadGrid { line: at + 1, why };
            let drawn = line.split('#').next().unwrap_or_default();
            let cells: Vec<&str> = drawn.split_whitespace().collect();
            if cells.is_empty() {
                continue;
            }
            if grid.rows > 0 && cells.len() != grid.columns {
                return Err(bad(format!("has {} cells, not {}", cells.len(), grid.columns)));
            }
            if cells.len() > SIDE_MAX || grid.rows >= SIDE_MAX {
                return Err(bad(format!("is beyond {SIDE_MAX} rows or columns")));
            }
            grid.columns = cells.len();
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| **cell != "..") {
                let code: RegionCode =
                    cell.parse().map_err(|_| bad(format!("`{cell}` is no region code")))?;
                if grid.position(code).is_some() {
                    return Err(bad(format!("{code} stands twice")));
                }
                grid.cells.push((code, column, grid.rows));
            }
            grid.rows += 1;
        }
        grid.cells.sort();
        Ok(grid)
    }

    /// Column and row of a region, or of the one in the grid that it lies in.
    #[must_use]
    pub fn position(&self, code: RegionCode) -> Option<(usize, usize)> {
        let cell = self.cells.iter().find(|(cell, _, _)| cell.covers(code));
        cell.map(|&(_, column, row)| (column, row))
    }

    /// Whether each kabupaten and kota of a province has a cell and no other region has one.
    #[must_use]
    pub fn fits(&self, regions: &Regions, province: RegionCode) -> bool {
        let wanted = regions.children(province).filter(|region| region.code.level() == Level::Regency);
        wanted.map(|region| region.code).eq(self.cells.iter().map(|&(code, _, _)| code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(grid: &TileGrid, code: &str) -> (usize, usize) {
        grid.position(code.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_grid_of_east_java_lies_as_the_land_does() {
        let grid = east_java_grid().unwrap();
        assert_eq!((grid.columns, grid.rows, grid.cells.len()), (10, 5, 38));
        let west_of = |west: &str, east: &str| position(&grid, west).0 < position(&grid, east).0;
        let north_of = |north: &str, south: &str| position(&grid, north).1 < position(&grid, south).1;
        for pair in ["35.01 35.10", "35.21 35.24", "35.08 35.11", "35.13 35.12", "35.26 35.29", "35.74 35.13"]
        {
            let (west, east) = pair.split_once(' ').unwrap();
            assert!(west_of(west, east), "{west} lies west of {east}");
        }
        for pair in ["35.23 35.04", "35.26 35.13", "35.12 35.10", "35.13 35.08", "35.11 35.09", "35.79 35.07"]
        {
            let (north, south) = pair.split_once(' ').unwrap();
            assert!(north_of(north, south), "{north} lies north of {south}");
        }
        assert_eq!(position(&grid, "35.13.02.2004"), position(&grid, "35.13"));
    }

    #[test]
    fn a_faulty_drawing_is_refused_with_its_line() {
        let error = |text: &str| TileGrid::read(text).unwrap_err().to_string();
        assert_eq!(error("35.01 ..\n35.02\n"), "tile grid, line 2: has 1 cells, not 2");
        assert_eq!(error("# x\n35.01 35.01"), "tile grid, line 2: 35.01 stands twice");
        assert_eq!(error("north"), "tile grid, line 1: `north` is no region code");
    }
}
