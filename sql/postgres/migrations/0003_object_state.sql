-- SPDX-License-Identifier: Apache-2.0
-- What an object store's event tells of an object beside its version: the ETag, by which a
-- listing is held against what is done, and the sequencer, by which two versions of a key
-- know which of them is the later one.
ALTER TABLE main.etl_objects
	ADD COLUMN etag text COLLATE "C",
	ADD COLUMN sequencer text COLLATE "C";
