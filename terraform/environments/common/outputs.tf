# SPDX-License-Identifier: Apache-2.0
output "raw_bucket" {
  description = "Where files arrive: put them below raw/."
  value       = module.buckets.raw.name
}

output "processed_bucket" {
  description = "Where results go: processed/, rejects/, reports/; claims/ are finetl's own."
  value       = module.buckets.processed.name
}

output "function_name" {
  description = "The function."
  value       = module.function.name
}

output "function_log_group" {
  description = "Its log, as `aws logs tail` wants it."
  value       = module.function.log_group
}

output "failed_queue_url" {
  description = "Where events lie that could not be worked off."
  value       = module.function.failed_queue.url
}

output "database_url" {
  description = "The warehouse, from inside of the network; null: there is none."
  value       = one(module.database[*].url)
}

output "database_secret_arn" {
  description = "The secret with the master user's name and password; null: there is no database."
  value       = one(module.database[*].secret_arn)
}

output "replica_addresses" {
  description = "Read replicas, from inside of the network."
  value       = flatten(module.database[*].replica_addresses)
}

output "security_group_id" {
  description = "The security group that may speak to the database: for a host of Airflow's in the same network; null: there is none."
  value       = one(module.network[*].function_security_group_id)
}

output "alarms_topic_arn" {
  description = "Where alarms are told."
  value       = module.monitoring.topic_arn
}

output "alarm_names" {
  description = "Every alarm."
  value       = module.monitoring.alarm_names
}

output "dashboard_name" {
  description = "The dashboard in CloudWatch."
  value       = module.monitoring.dashboard_name
}
