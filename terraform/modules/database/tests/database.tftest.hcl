# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name                      = "financial-etl-test"
  vpc_id                    = "vpc-0123456789abcdef0"
  subnet_ids                = ["subnet-1", "subnet-2"]
  client_security_group_ids = { function = "sg-1" }
  kms_key_arn               = "arn:aws:kms:eu-central-1:111122223333:key/1"
}

run "private_and_encrypted" {
  assert {
    condition     = aws_db_instance.this.engine == "postgres" && startswith(aws_db_instance.this.engine_version, "15")
    error_message = "PostgreSQL 15."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "It has no public address."
  }
  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "Rows and backups are encrypted, with our key."
  }
  assert {
    condition     = anytrue([for parameter in aws_db_parameter_group.this.parameter : parameter.name == "rds.force_ssl" && parameter.value == "1"])
    error_message = "Nobody connects without TLS."
  }
  assert {
    condition     = aws_db_parameter_group.this.family == "postgres15"
    error_message = "Settings are those of its version."
  }
}

run "password_is_managed" {
  assert {
    condition     = aws_db_instance.this.manage_master_user_password == true && aws_db_instance.this.password == null && aws_db_instance.this.password_wo == null
    error_message = "RDS makes the password; Terraform never has it."
  }
  assert {
    condition     = aws_db_instance.this.master_user_secret_kms_key_id == var.kms_key_arn
    error_message = "It is encrypted with our key."
  }
  assert {
    condition     = !strcontains(output.url, "@") && endswith(output.url, "?sslmode=verify-full") && startswith(output.url, "postgresql://")
    error_message = "The URL names no user and no password, and wants the server to prove who it is."
  }
}

run "kept_by_default" {
  assert {
    condition     = aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && !aws_db_instance.this.delete_automated_backups
    error_message = "It cannot be deleted, and leaves a snapshot if it is after all."
  }
  assert {
    condition     = aws_db_instance.this.backup_retention_period == 14 && aws_db_instance.this.copy_tags_to_snapshot
    error_message = "It can be brought back to any second of two weeks."
  }
  assert {
    condition     = aws_db_instance.this.multi_az
    error_message = "A second server stands by."
  }
}

run "values_of_rows_stay_out_of_the_log" {
  assert {
    condition = alltrue([
      for name, value in { log_parameter_max_length = "0", log_error_verbosity = "terse" } :
      anytrue([for parameter in aws_db_parameter_group.this.parameter : parameter.name == name && parameter.value == value])
    ])
    error_message = "Neither parameters nor details of errors are logged."
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.kms_key_arn && group.retention_in_days >= 365])
    error_message = "The log is encrypted, and kept for a year."
  }
}

run "clients_only" {
  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.from_port == 5432 && rule.to_port == 5432])
    error_message = "PostgreSQL's port, from groups, not from addresses."
  }
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.clients) == ["function"] && aws_vpc_security_group_egress_rule.clients["function"].security_group_id == "sg-1"
    error_message = "Whoever may come in gets the way out."
  }
}

run "replicas" {
  variables {
    n_read_replicas = 2
  }
  assert {
    condition     = keys(aws_db_instance.replica) == ["financial-etl-test-replica-1", "financial-etl-test-replica-2"]
    error_message = "Two replicas."
  }
  assert {
    condition     = alltrue([for replica in aws_db_instance.replica : replica.storage_encrypted && !replica.publicly_accessible && replica.replicate_source_db == "financial-etl-test"])
    error_message = "Private and encrypted as the primary is."
  }
  # The request to make one in the same region may not name a key: "Your request does not require the KMS key parameter".
  assert {
    condition     = alltrue([for replica in aws_db_instance.replica : replica.kms_key_id != var.kms_key_arn])
    error_message = "A replica has the primary's key without being told."
  }
  assert {
    condition     = length(aws_cloudwatch_log_group.this) == 6
    error_message = "Each server has its logs."
  }
}

run "no_replicas_by_default" {
  assert {
    condition     = length(aws_db_instance.replica) == 0
    error_message = "Replicas are asked for."
  }
}

run "throw_away" {
  variables {
    deletion_protection = false
  }
  assert {
    condition     = aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.delete_automated_backups
    error_message = "What may go goes whole."
  }
}

run "postgresql_14_is_refused" {
  command = plan
  variables {
    engine_version = "14"
  }
  expect_failures = [var.engine_version]
}

run "guessable_masters_are_refused" {
  command = plan
  variables {
    master_username = "postgres"
  }
  expect_failures = [var.master_username]
}
