//! Replicas in this process against the real relay and its real store: no sockets, every byte of the exchange.

mod exchange;
mod merge;
mod restore;
mod saving;
mod site;
