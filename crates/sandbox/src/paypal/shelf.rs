//! Objects of one kind by id, in the order of their creation. Ids are never reused.

use std::collections::HashMap;

/// See the module head.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    objects: HashMap<String, T>,
    order: Vec<String>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self { objects: HashMap::new(), order: Vec::new() }
    }
}

impl<T> Shelf<T> {
    /// Adds an object, or replaces the one with this id.
    pub fn put(&mut self, id: &str, object: T) {
        if self.objects.insert(id.to_owned(), object).is_none() {
            self.order.push(id.to_owned());
        }
    }

    pub fn get(&self, id: &str) -> Option<&T> {
        self.objects.get(id)
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.objects.get_mut(id)
    }

    /// All objects, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.order.iter().filter_map(|id| self.objects.get(id))
    }
}
