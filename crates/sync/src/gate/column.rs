//! The columns of a chunk: which ones a change may have, and how many rows their runs claim.

use super::reader::Reader;
use super::{COUNTER_MAX, KEY_MAX, OPERATIONS_MAX};
use crate::form::BadForm;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Unsigned numbers: actors, counters, actions.
    Unsigned,
    /// Differences between counters.
    Delta,
    /// Map keys.
    Key,
    /// Runs of no and yes.
    Bool,
    /// Type and length of each value.
    Meta,
    /// The values' bytes.
    Raw,
    /// How many predecessors each operation has.
    Group,
}

/// The columns of a change, by their specification number (`id << 4 | type`), ascending. Columns for marks
/// are left out on purpose, and so are the deflated forms, which have bit 3 set.
const KNOWN: [(u64, Cell); 12] = [
    (1, Cell::Unsigned),  // object, actor
    (2, Cell::Unsigned),  // object, counter
    (17, Cell::Unsigned), // key, actor
    (19, Cell::Delta),    // key, counter
    (21, Cell::Key),      // key, text
    (52, Cell::Bool),     // insert
    (ACTION, Cell::Unsigned),
    (86, Cell::Meta),      // value, type and length
    (87, Cell::Raw),       // value, bytes
    (112, Cell::Group),    // predecessors, count
    (113, Cell::Unsigned), // predecessors, actor
    (115, Cell::Delta),    // predecessors, counter
];
const ACTION: u64 = 66;

/// Length of each known column, in the order of [`KNOWN`].
#[derive(Debug)]
pub(super) struct Columns([usize; KNOWN.len()]);

impl Columns {
    /// Reads the column list: known columns only, each once, ascending, none empty.
    pub(super) fn read(body: &mut Reader<'_>) -> Result<Self, BadForm> {
        let mut lengths = [0; KNOWN.len()];
        let mut next = 0;
        for _ in 0..body.unsigned()? {
            let spec = body.unsigned()?;
            let found = KNOWN.iter().skip(next).position(|(known, _)| *known == spec);
            let at = next + found.ok_or(BadForm::Columns)?;
            lengths[at] = body.length()?;
            if lengths[at] == 0 {
                return Err(BadForm::Columns);
            }
            next = at + 1;
        }
        Ok(Columns(lengths))
    }

    /// Walks the columns' runs and returns the number of operations.
    pub(super) fn check(&self, body: &mut Reader<'_>) -> Result<u64, BadForm> {
        let mut operations = 0;
        let mut value_bytes = 0;
        for ((spec, cell), length) in KNOWN.into_iter().zip(self.0) {
            let mut column = Reader::new(body.take(length)?);
            match cell {
                Cell::Raw => {
                    if u64::try_from(length) != Ok(value_bytes) {
                        return Err(BadForm::Columns);
                    }
                }
                Cell::Bool => bool_runs(&mut column)?,
                Cell::Meta => value_bytes = runs(&mut column, cell)?.weight,
                Cell::Group => {
                    if runs(&mut column, cell)?.weight > OPERATIONS_MAX {
                        return Err(BadForm::Operations);
                    }
                }
                Cell::Unsigned | Cell::Delta | Cell::Key => {
                    let rows = runs(&mut column, cell)?.rows;
                    if spec == ACTION {
                        operations = rows;
                    }
                }
            }
        }
        Ok(operations)
    }
}

/// What the runs of a column come to.
#[derive(Debug, Default)]
struct Runs {
    rows: u64,
    /// Sum over the rows of what each row stands for: predecessors of a group, bytes of a value.
    weight: u64,
}

impl Runs {
    fn add(&mut self, rows: u64, weight_each: u64) -> Result<(), BadForm> {
        if rows > OPERATIONS_MAX || self.rows + rows > OPERATIONS_MAX {
            return Err(BadForm::Operations);
        }
        self.rows += rows;
        let weight = weight_each.checked_mul(rows).and_then(|more| self.weight.checked_add(more));
        self.weight = weight.ok_or(BadForm::Operations)?;
        Ok(())
    }
}

/// Walks runs: `n > 0` one value repeated, `n < 0` that many values, `0` a number of empty cells.
fn runs(column: &mut Reader<'_>, cell: Cell) -> Result<Runs, BadForm> {
    let mut runs = Runs::default();
    while !column.is_empty() {
        let head = column.signed()?;
        let count = head.unsigned_abs();
        if count > OPERATIONS_MAX {
            return Err(BadForm::Operations);
        }
        match head {
            0 => {
                let empty = column.unsigned()?;
                if empty == 0 {
                    return Err(BadForm::Columns);
                }
                runs.add(empty, 0)?;
            }
            1.. => runs.add(count, value(column, cell)?)?,
            _ => {
                for _ in 0..count {
                    runs.add(1, value(column, cell)?)?;
                }
            }
        }
    }
    Ok(runs)
}

/// Skips one value and returns what it stands for.
fn value(column: &mut Reader<'_>, cell: Cell) -> Result<u64, BadForm> {
    match cell {
        Cell::Key => {
            let length = column.unsigned()?;
            if length > KEY_MAX {
                return Err(BadForm::Key);
            }
            let length = usize::try_from(length).map_err(|_| BadForm::Key)?;
            column.take(length)?;
            Ok(0)
        }
        Cell::Delta => {
            let within = column.signed()?.unsigned_abs() <= COUNTER_MAX;
            if within { Ok(0) } else { Err(BadForm::Columns) }
        }
        Cell::Meta => Ok(column.unsigned()? >> 4),
        Cell::Group => column.unsigned(),
        Cell::Unsigned => {
            let within = column.unsigned()? <= COUNTER_MAX;
            if within { Ok(0) } else { Err(BadForm::Columns) }
        }
        Cell::Bool | Cell::Raw => Err(BadForm::Columns),
    }
}

/// Walks the alternating run lengths of a yes/no column; only the first, of no, may be empty.
fn bool_runs(column: &mut Reader<'_>) -> Result<(), BadForm> {
    let mut runs = Runs::default();
    let mut first = true;
    while !column.is_empty() {
        let count = column.unsigned()?;
        if count == 0 && !first {
            return Err(BadForm::Columns);
        }
        runs.add(count, 0)?;
        first = false;
    }
    Ok(())
}
