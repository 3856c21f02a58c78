//! Every bound on what comes from outside, as named constants. Each has a test at its edge.

/// Greatest compressed body of a request or response, in bytes.
pub const BODY_MAX: usize = 4 * 1024 * 1024;

/// Greatest decompressed frame, in bytes.
pub const FRAME_MAX: usize = 16 * 1024 * 1024;

/// Most changes in one push.
pub const PUSH_CHANGES_MAX: usize = 4_096;

/// Most bytes of change chunks in one push; a replica with more sends several.
pub const PUSH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most statements of a relay under which changes are given back to it in one request.
pub const RETURNED_ADMISSIONS_MAX: usize = 256;

/// Bytes of stored changes a relay reads back to judge one push, the last record's being whole; what comes after
/// is told to come later. A few bytes on a record with a long history would else cost the whole history each.
pub const PUSH_HISTORY_MAX: usize = 16 * 1024 * 1024;

/// Bytes of change chunks a relay sends in one response unless the replica asks for less.
pub const PULL_BYTES: u32 = 4 * 1024 * 1024;

/// Least budget a replica may ask for, in bytes: less would not let a large change through.
pub const PULL_BYTES_MIN: u32 = 16 * 1024;

/// Most log entries a relay looks at for one response.
pub const PULL_SCAN_MAX: usize = 200_000;

/// Most log entries that a device with a set of several shards may be behind in another shard and still count as one
/// that follows.
pub const FOLLOW_MAX: usize = 1_000;

/// Most scopes a request may list.
pub const SCOPES_MAX: usize = 1_024;

/// Most records that a request may name as waiting to leave; a replica with more names them in turn.
pub const LEAVING_MAX: usize = 64;

/// Greatest length of a device's name, in bytes.
pub const NAME_MAX: usize = 200;

/// Most orders in one response; the rest comes with the next.
pub const ORDERS_MAX: usize = 1_000;

/// Most orders that a replica gives back to a relay in one request, the newest.
pub const ORDERS_HELD_MAX: usize = 4_096;

/// Most changes of one device that wait in quarantine; what comes after is told to come later.
pub const QUARANTINE_CHANGES_MAX: usize = 8_192;

/// Most bytes of changes of one device that wait in quarantine.
pub const QUARANTINE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Most outcomes in one response; the rest comes with the next.
pub const OUTCOMES_MAX: usize = 1_000;

/// Greatest sealed content of one item, in bytes.
pub const PARCEL_MAX: usize = 256 * 1024;

/// Most sealed items in one request or response.
pub const PARCELS_MAX: usize = 16;

/// Most bytes of sealed content in one request or response; the first item always fits.
pub const PARCEL_BYTES_MAX: usize = 1024 * 1024;

/// Most items that a request may ask about; a replica with more asks in turn.
pub const PARCELS_ASKED_MAX: usize = 64;

/// Most sealed items of one device that wait at the relay; what comes after is told to come later.
pub const PARCELS_WAITING_MAX: usize = 1_024;

/// Most bytes of sealed items of one device that wait at the relay.
pub const PARCELS_WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most devices that a relay lists as recipients of sealed content.
pub const RECIPIENTS_MAX: usize = 4_096;
/// Most sets that one request compares; a replica with more compares them in turn.
pub const LEVELS_MAX: usize = 64;

/// Deepest level of a comparison: 4,096 buckets of 8 bytes.
pub const DEPTH_MAX: u8 = 3;

/// Records a bucket of a comparison holds on average before the next deeper level is taken.
pub const BUCKET_RECORDS: u64 = 64;

/// Records of differing buckets that a relay lists in one response, the last bucket being whole.
pub const LISTED_MAX: usize = 8_192;

/// Most records that one request asks about, over all sets.
pub const ASKED_MAX: usize = 4_096;

/// Most heads of a record that a replica names.
pub const HEADS_MAX: usize = 64;
