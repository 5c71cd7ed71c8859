-- SPDX-License-Identifier: Apache-2.0
-- What an object store tells of an object's state: its version id, or its ETag.
ALTER TABLE main.etl_objects ADD COLUMN version text COLLATE "C";
