# SPDX-License-Identifier: Apache-2.0
# The dashboard: what arrives, how good it is, what fails, what it costs, how the database is. Two columns of twelve.

locals {
  widgets = concat(
    [
      { title = "Records", metrics = [[var.metrics_namespace, "RecordsRead", "Sum", local.own], [var.metrics_namespace, "RecordsLoaded", "Sum", local.own], [var.metrics_namespace, "RecordsRejected", "Sum", local.own]] },
      { title = "Objects", metrics = [[var.metrics_namespace, "ObjectsProcessed", "Sum", local.own], [var.metrics_namespace, "ObjectsDoneBefore", "Sum", local.own], [var.metrics_namespace, "ObjectsSkipped", "Sum", local.own], [var.metrics_namespace, "ObjectsFailed", "Sum", local.own]] },
      { title = "Quality, percent of expectations met", metrics = [[var.metrics_namespace, "QualityScore", "Average", local.own], [var.metrics_namespace, "QualityScore", "Minimum", local.own]] },
      { title = "Time of an object, ms", metrics = [[var.metrics_namespace, "ProcessingTime", "Average", local.own], [var.metrics_namespace, "ProcessingTime", "p95", local.own], [var.metrics_namespace, "ProcessingTime", "Maximum", local.own]] },
      { title = "Bytes", metrics = [[var.metrics_namespace, "ProcessedBytes", "Sum", local.own]] },
      { title = "Estimated cost of the function, dollars", metrics = [[var.metrics_namespace, "EstimatedCost", "Sum", local.own]] },
      { title = "Invocations", metrics = [["AWS/Lambda", "Invocations", "Sum", local.function], ["AWS/Lambda", "Errors", "Sum", local.function], ["AWS/Lambda", "Throttles", "Sum", local.function], [var.metrics_namespace, "ColdStart", "Sum", local.own]] },
      { title = "At once", metrics = [["AWS/Lambda", "ConcurrentExecutions", "Maximum", local.function]] },
      { title = "Waiting events: age, ms", metrics = [["AWS/Lambda", "AsyncEventAge", "Maximum", local.function]] },
      { title = "Failed events that wait for somebody", metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", local.queue]] },
    ],
    length(var.databases) == 0 ? [] : [
      { title = "Database: processors, percent", metrics = [for server in var.databases : ["AWS/RDS", "CPUUtilization", "Average", { DBInstanceIdentifier = server }]] },
      { title = "Database: connections", metrics = [for server in var.databases : ["AWS/RDS", "DatabaseConnections", "Maximum", { DBInstanceIdentifier = server }]] },
      { title = "Database: free storage, bytes", metrics = [for server in var.databases : ["AWS/RDS", "FreeStorageSpace", "Minimum", { DBInstanceIdentifier = server }]] },
      { title = "Database: free memory, bytes", metrics = [for server in var.databases : ["AWS/RDS", "FreeableMemory", "Minimum", { DBInstanceIdentifier = server }]] },
    ],
  )

  dashboard = {
    widgets = [for i, widget in local.widgets : {
      type   = "metric"
      x      = 12 * (i % 2)
      y      = 6 * floor(i / 2)
      width  = 12
      height = 6
      properties = {
        title  = widget.title
        region = local.region
        view   = "timeSeries"
        period = 300
        # namespace, name, then names and values of dimensions in turn, then how it is drawn
        metrics = [for m in widget.metrics : concat([m[0], m[1]], flatten([for name, value in m[3] : [name, value]]), [{ stat = m[2] }])]
      }
    }]
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode(local.dashboard)
}
