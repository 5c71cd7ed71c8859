# SPDX-License-Identifier: Apache-2.0
# The warehouse: PostgreSQL on RDS in private subnets, encrypted, TLS only. Its master password is made, kept and changed by
# RDS, in Secrets Manager: Terraform, its state and its plans never see it.

data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}

locals {
  major     = split(".", var.engine_version)[0]
  log_names = toset(["postgresql", "upgrade"])
  replicas  = toset([for i in range(var.n_read_replicas) : "${var.name}-replica-${i + 1}"])
  servers   = setunion([var.name], local.replicas)
}

# ---- where it is, and who reaches it ----

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Private subnets of ${var.name}"
  subnet_ids  = var.subnet_ids
}

resource "aws_security_group" "this" {
  name        = "${var.name}-database"
  description = "The database: in from its clients, out to nobody"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL, from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = aws_db_instance.this.port
  to_port                      = aws_db_instance.this.port
}

resource "aws_vpc_security_group_egress_rule" "clients" {
  for_each = var.client_security_group_ids

  security_group_id            = each.value
  description                  = "PostgreSQL of ${var.name}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = aws_db_instance.this.port
  to_port                      = aws_db_instance.this.port
}

# ---- settings ----

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  description = "PostgreSQL ${local.major} as finetl wants it"
  family      = "postgres${local.major}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1.2"
  }
  parameter {
    name  = "log_connections"
    value = "1"
  }
  parameter {
    name  = "log_disconnections"
    value = "1"
  }
  parameter {
    name  = "log_statement"
    value = "ddl"
  }
  parameter {
    name  = "log_min_duration_statement"
    value = "10000"
  }
  # Values of rows stay out of the log: neither parameters of slow statements, nor the DETAIL of an error.
  parameter {
    name  = "log_parameter_max_length"
    value = "0"
  }
  parameter {
    name  = "log_error_verbosity"
    value = "terse"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = { for pair in setproduct(local.servers, local.log_names) : "${pair[0]}/${pair[1]}" => pair }

  name              = "/aws/rds/instance/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# ---- the server ----

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:a second zone is a value of the environment: production has it, development need not pay for it
  #checkov:skip=CKV_AWS_293:deletion protection is a value of the environment: production has it, a throw-away one must go
  identifier     = var.name
  engine         = "postgres"
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = var.database_name
  port           = 5432

  username                            = var.master_username
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.kms_key_arn
  iam_database_authentication_enabled = true

  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn
  allocated_storage     = var.storage_gb
  max_allocated_storage = var.max_storage_gb

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  multi_az               = var.multi_az
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period   = var.backup_retention_days
  backup_window             = "01:00-01:45"
  maintenance_window        = "sun:03:00-sun:04:00"
  copy_tags_to_snapshot     = true
  delete_automated_backups  = !var.deletion_protection
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = "${var.name}-final"

  auto_minor_version_upgrade = true
  apply_immediately          = false

  enabled_cloudwatch_logs_exports       = local.log_names
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.kms_key_arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.monitoring]
}

# For those who ask questions, so that they do not slow the loading down.
resource "aws_db_instance" "replica" {
  for_each = local.replicas

  #checkov:skip=CKV_AWS_157:a replica is made anew where it fails; what must not fail is the primary
  #checkov:skip=CKV_AWS_293:it holds nothing that the primary does not
  #checkov:skip=CKV_AWS_133:the primary is what is backed up
  identifier          = each.key
  replicate_source_db = aws_db_instance.this.identifier
  instance_class      = var.replica_instance_class == null ? var.instance_class : var.replica_instance_class

  # Its key is the primary's; a request that names one as well, in the same region, is refused.
  iam_database_authentication_enabled = true
  storage_encrypted                   = true
  storage_type                        = "gp3"
  max_allocated_storage               = var.max_storage_gb

  vpc_security_group_ids = [aws_security_group.this.id]
  publicly_accessible    = false
  multi_az               = false
  parameter_group_name   = aws_db_parameter_group.this.name
  ca_cert_identifier     = "rds-ca-rsa2048-g1"

  backup_retention_period    = 0
  copy_tags_to_snapshot      = true
  deletion_protection        = false
  skip_final_snapshot        = true
  auto_minor_version_upgrade = true

  enabled_cloudwatch_logs_exports       = local.log_names
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.kms_key_arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.monitoring]
}

# ---- figures of the machine, every minute ----

data "aws_iam_policy_document" "monitoring_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name               = "${var.name}-database-monitoring"
  description        = "Enhanced monitoring of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.monitoring_assume.json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
