# SPDX-License-Identifier: Apache-2.0
# The root of every environment: dev, staging and prod beside it are these files, by symbolic link, with values of their own
# in terraform.tfvars. What is different between them can be nothing else.

data "aws_caller_identity" "current" {}

locals {
  name          = "${var.project}-${var.environment}"
  function_role = "${local.name}-function"
}

module "key" {
  source = "../../modules/key"

  name                 = local.name
  deletion_window_days = var.key_deletion_window_days
}

module "buckets" {
  source = "../../modules/buckets"

  name                  = var.project
  suffix                = coalesce(var.bucket_suffix, "${var.environment}-${data.aws_caller_identity.current.account_id}")
  kms_key_arn           = module.key.arn
  function_role_name    = local.function_role
  rejects_readers       = var.rejects_readers
  raw_expire_days       = var.raw_expire_days
  processed_expire_days = var.processed_expire_days
  rejects_expire_days   = var.rejects_expire_days
  former_versions_days  = var.former_versions_days
  force_destroy         = var.throw_away
}

module "network" {
  source = "../../modules/network"
  count  = var.database == null ? 0 : 1

  name                = local.name
  cidr                = var.cidr
  n_zones             = var.n_zones
  bucket_arns         = [module.buckets.raw.arn, module.buckets.processed.arn]
  interface_endpoints = var.interface_endpoints
  secret_arns         = concat(var.secret_arns, compact([try(var.database.loader_secret_arn, null)]), module.database[*].secret_arn)
  flow_log_traffic    = var.flow_log_traffic
  log_retention_days  = var.log_retention_days
  kms_key_arn         = module.key.arn
}

module "database" {
  source = "../../modules/database"
  count  = var.database == null ? 0 : 1

  name                      = local.name
  vpc_id                    = module.network[0].vpc_id
  subnet_ids                = module.network[0].subnet_ids
  client_security_group_ids = { function = module.network[0].function_security_group_id }
  engine_version            = var.database.engine_version
  instance_class            = var.database.instance_class
  storage_gb                = var.database.storage_gb
  max_storage_gb            = var.database.max_storage_gb
  multi_az                  = var.database.multi_az
  deletion_protection       = !var.throw_away
  backup_retention_days     = var.database.backup_retention_days
  n_read_replicas           = var.database.n_read_replicas
  log_retention_days        = var.log_retention_days
  kms_key_arn               = module.key.arn
}

module "function" {
  source = "../../modules/function"

  name                 = local.name
  package_file         = var.package_file
  package_sha256       = var.package_sha256
  settings_file        = var.settings_file
  architecture         = var.architecture
  pipeline             = var.pipeline
  raw_bucket           = module.buckets.raw
  processed_bucket     = module.buckets.processed
  writes_files         = var.writes_files
  processed_at         = var.processed_at
  environment          = var.function_environment
  secret_arns          = var.secret_arns
  sweep_hours          = var.sweep_hours
  memory_mb            = var.memory_mb
  timeout_s            = var.timeout_s
  reserved_concurrency = var.reserved_concurrency
  log_level            = var.log_level
  log_retention_days   = var.log_retention_days
  kms_key_arn          = module.key.arn

  database = var.database == null ? null : {
    url        = module.database[0].url
    secret_arn = coalesce(var.database.loader_secret_arn, module.database[0].secret_arn)
  }
  network = var.database == null ? null : {
    subnet_ids        = module.network[0].subnet_ids
    security_group_id = module.network[0].function_security_group_id
  }
}

module "monitoring" {
  source = "../../modules/monitoring"

  name                     = local.name
  emails                   = var.emails
  kms_key_arn              = module.key.arn
  function_name            = module.function.name
  timeout_s                = var.timeout_s
  failed_queue_name        = module.function.failed_queue.name
  schedule_group           = module.function.schedule_group
  sweep_hours              = coalesce(var.sweep_hours, 1)
  databases                = flatten([for database in module.database : concat([database.identifier], database.replica_identifiers)])
  max_rejected_percent     = var.max_rejected_percent
  no_data_hours            = var.no_data_hours
  max_database_connections = try(var.database.max_connections, 60)
}

module "budget" {
  source = "../../modules/budget"

  name          = local.name
  limit_dollars = var.budget_dollars
  tag_key       = "stack"
  tag_value     = local.name
  emails        = var.emails
  topic_arn     = module.monitoring.topic_arn
}
