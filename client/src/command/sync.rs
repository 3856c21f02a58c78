//! `sambung sync` and `sambung status`

use std::process::ExitCode;

use super::{Place, runtime};
use crate::failure::{ATTENTION, Failure};
use crate::node::{SyncLock, now};
use crate::output;
use crate::relay::RelayClient;

/// One sync to its end.
pub(crate) fn sync(place: &Place, json: bool) -> Result<ExitCode, Failure> {
    let mut node = place.node()?;
    let _lock = SyncLock::take(place.dir()?)?;
    let relay = RelayClient::new(&node.replica.identity().relay)?;
    let report = runtime()?.block_on(relay.sync(&mut node))?;
    if json {
        output::json(&report);
    } else {
        output::line(&format!(
            "{} terkirim, {} masuk, {} putaran, {} B naik, {} B turun",
            report.pushed, report.pulled, report.rounds, report.bytes_up, report.bytes_down
        ));
    }
    if report.arrived > 0 {
        output::message(&format!(
            "{} kiriman tersegel datang. / {} sealed items came.",
            report.arrived, report.arrived
        ));
    }
    if report.silent {
        output::message(
            "Pusat baru dipulihkan dan belum mengirim catatan; yang terkirim sudah tersimpan. / \
             The relay was restored and sends no records yet; what was sent is stored.",
        );
    }
    if report.attention > 0 {
        output::message(&format!(
            "{} hal perlu dicek. / {} things need attention.",
            report.attention, report.attention
        ));
        return Ok(ExitCode::from(ATTENTION));
    }
    Ok(ExitCode::SUCCESS)
}

/// The state of the replica.
pub(crate) fn status(place: &Place, json: bool) -> Result<ExitCode, Failure> {
    let status = place.node_as_it_is()?.replica.status(now())?;
    if json {
        output::json(&status);
    } else {
        output::line(&format!("{} ({})", status.device, status.role));
        output::line(&format!("  catatan: {}", status.records));
        output::line(&format!(
            "  menunggu: {} (paling lama {} detik)",
            status.waiting, status.oldest_waiting_s
        ));
        output::line(&format!("  sudah di pusat: {}", status.confirmed));
        if status.sealed > 0 {
            let (count, age) = (status.sealed, status.oldest_sealed_s);
            output::line(&format!("  kiriman tersegel: {count} (paling lama {age} detik)"));
        }
        if status.unopened > 0 {
            let (count, age) = (status.unopened, status.oldest_unopened_s);
            output::line(&format!("  kiriman tersegel belum dibuka: {count} (paling lama {age} detik)"));
        }
        if status.leaving > 0 {
            output::line(&format!("  akan pindah: {}", status.leaving));
        }
        output::line(&format!("  isian berbeda: {}", status.conflicts));
        output::line(&format!("  perlu dicek: {}", status.quarantined + status.underived));
        for (word, count) in [
            ("diterima terlambat", status.late),
            ("datang terlambat dari perangkat lain", status.late_came),
            ("diteruskan setelah ditahan", status.released),
            ("dibuang pusat", status.discarded),
        ] {
            if count > 0 {
                output::line(&format!("  {word}: {count}"));
            }
        }
        if let Some(closed) = &status.closed {
            output::line(&format!("  pusat tidak lagi mengirim apa pun ke perangkat ini: {closed}"));
        }
        output::line(&format!(
            "  terakhir tersambung: {}",
            status.last_exchange.as_deref().unwrap_or("belum pernah")
        ));
    }
    let attention = status.conflicts + status.quarantined + status.underived;
    Ok(if attention > 0 { ExitCode::from(ATTENTION) } else { ExitCode::SUCCESS })
}
