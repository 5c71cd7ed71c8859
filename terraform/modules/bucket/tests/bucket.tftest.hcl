# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name        = "a-bucket"
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/1"
  access_log  = { bucket = "logs" }
  lifecycles  = { "" = { infrequent_days = 30, expire_days = 365 } }
}

run "private" {
  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four ways of public access are blocked."
  }
  assert {
    condition     = one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "No access control lists."
  }
  assert {
    condition     = !aws_s3_bucket.this.force_destroy
    error_message = "A bucket with objects is not destroyed unless that is asked for."
  }
}

run "encrypted" {
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "Objects are encrypted by KMS unless they say otherwise."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "The key is ours."
  }
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.bucket.statement :
      statement.effect == "Deny" && one(statement.actions) == "s3:PutObject" && length(statement.condition) == 2 if statement.sid == "OurKeyOnly"
    ])
    error_message = "No upload chooses another key."
  }
}

run "tls_only" {
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.bucket.statement : statement.effect == "Deny" && one(statement.actions) == "s3:*" && length(statement.resources) == 2 &&
      one(statement.condition).variable == "aws:SecureTransport" && one(one(statement.condition).values) == "false"
      if statement.sid == "TlsOnly"
    ])
    error_message = "Plain http is denied, for the bucket and its objects."
  }
  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.bucket.statement : statement.effect == "Deny" &&
      one(statement.condition).variable == "s3:TlsVersion" && one(one(statement.condition).values) == "1.2" if statement.sid == "Tls12"
    ])
    error_message = "TLS older than 1.2 is denied."
  }
}

run "versioned" {
  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "Every version is kept."
  }
  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : one(rule.noncurrent_version_expiration).noncurrent_days == 30 && rule.status == "Enabled"
      if length(rule.noncurrent_version_expiration) > 0
    ])
    error_message = "Former versions go after a while."
  }
}

run "lifecycle" {
  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule : one(rule.abort_incomplete_multipart_upload).days_after_initiation == 7 && rule.status == "Enabled"
      if length(rule.abort_incomplete_multipart_upload) > 0
    ])
    error_message = "Uploads that were given up are removed."
  }
  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this.rule :
      one(rule.transition).days == 30 && one(rule.transition).storage_class == "STANDARD_IA" && one(rule.expiration).days == 365
      if length(rule.transition) > 0
    ])
    error_message = "Objects move to infrequent access after 30 days, and expire."
  }
}

run "accesses_are_logged" {
  assert {
    condition     = aws_s3_bucket_logging.this[0].target_bucket == "logs" && aws_s3_bucket_logging.this[0].target_prefix == "a-bucket/"
    error_message = "It is written down who read and wrote."
  }
}

run "no_key_is_s3s_own" {
  variables {
    kms_key_arn = null
    access_log  = null
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "A bucket for access logs is encrypted by S3's own key."
  }
  assert {
    condition     = !contains([for statement in data.aws_iam_policy_document.bucket.statement : statement.sid], "OurKeyOnly")
    error_message = "There is no key of ours to insist on."
  }
}

run "infrequent_access_before_30_days_is_refused" {
  command = plan
  variables {
    lifecycles = { "" = { infrequent_days = 7 } }
  }
  expect_failures = [var.lifecycles]
}

run "expiry_before_infrequent_access_is_refused" {
  command = plan
  variables {
    lifecycles = { "" = { infrequent_days = 60, expire_days = 40 } }
  }
  expect_failures = [var.lifecycles]
}

run "names_with_dots_are_refused" {
  command = plan
  variables {
    name = "a.bucket"
  }
  expect_failures = [var.name]
}
