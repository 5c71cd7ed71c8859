# SPDX-License-Identifier: Apache-2.0
# finetl as a Lambda function, started by S3 for each object below the prefix. What fails is tried twice more, and then lies
# in a queue, whole, until somebody looks. The function may read what arrives, write results, and no more.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account      = data.aws_caller_identity.current.account_id
  arn          = "arn:${data.aws_partition.current.partition}"
  region       = data.aws_region.current.region
  function_arn = "${local.arn}:lambda:${local.region}:${local.account}:function:${var.name}"
  is_inside    = var.network != null
  has_database = var.database != null

  # The pipeline file names the bucket as "s3://${FINETL_RAW_BUCKET}/raw/*.csv".
  environment = merge(
    {
      FINETL_PIPELINE              = var.pipeline
      FINETL_RAW_BUCKET            = var.raw_bucket.name
      FINETL_OUTPUT                = var.writes_files ? "s3://${var.processed_bucket.name}" : null
      FINETL_WAREHOUSE             = local.has_database ? "${var.database.url}&sslrootcert=${var.database_ca_file}" : "none"
      FINETL_DB_SECRET_ARN         = local.has_database ? var.database.secret_arn : null
      FINETL_WAIT                  = local.has_database ? "${floor(var.timeout_s * 0.8)}s" : null # runs into one database take turns
      FINETL_PROCESSED_AT          = tostring(var.processed_at)
      POWERTOOLS_SERVICE_NAME      = var.name
      POWERTOOLS_METRICS_NAMESPACE = var.metrics_namespace
    },
    var.environment,
  )
}

# ---- the function ----

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116:failed events go to the on-failure destination below, which tells the error as well, and a dead letter queue does not
  #checkov:skip=CKV_AWS_272:the package is built reproducibly and held against its SHA-256 (package_sha256), here, before it is sent
  #checkov:skip=CKV_AWS_117:it is in the network where it needs the database; without one it reaches nothing but S3, and is cheaper and safer outside
  function_name = var.name
  description   = "finetl: each object below ${var.raw_prefix} is one run"
  role          = aws_iam_role.this.arn

  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = var.package_file
  source_code_hash = filebase64sha256(var.package_file)
  layers           = [for layer in aws_lambda_layer_version.settings : layer.arn]

  memory_size                    = var.memory_mb
  timeout                        = var.timeout_s
  reserved_concurrent_executions = var.reserved_concurrency
  kms_key_arn                    = var.kms_key_arn

  ephemeral_storage {
    size = var.scratch_mb
  }

  environment {
    variables = { for name, value in local.environment : name => value if value != null }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = local.is_inside ? [var.network] : []
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = [vpc_config.value.security_group_id]
    }
  }

  lifecycle {
    precondition {
      condition     = var.package_sha256 == null || var.package_sha256 == filesha256(var.package_file)
      error_message = "The package is not the one that package_sha256 names: was it built of another commit, or fetched from elsewhere?"
    }
    precondition {
      condition     = var.writes_files || local.has_database
      error_message = "The function would load nowhere: give it a database, or let it write files."
    }
    precondition {
      condition     = local.is_inside || !local.has_database
      error_message = "The database can only be reached from inside of the network."
    }
  }

  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy.network]
}

# Pipeline files, suites and authorities, below /opt: they change more often than finetl does.
resource "aws_lambda_layer_version" "settings" {
  count = var.settings_file == null ? 0 : 1

  layer_name               = "${var.name}-settings"
  description              = "Pipelines, suites and certificate authorities"
  filename                 = var.settings_file
  source_code_hash         = filebase64sha256(var.settings_file)
  compatible_runtimes      = ["provided.al2023"]
  compatible_architectures = ["x86_64", "arm64"]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# ---- what starts it ----

resource "aws_lambda_permission" "s3" {
  statement_id   = "RawBucketOnly"
  function_name  = aws_lambda_function.this.function_name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = var.raw_bucket.arn
  source_account = local.account
}

resource "aws_s3_bucket_notification" "raw" {
  bucket = var.raw_bucket.name

  lambda_function {
    id                  = "arrived"
    lambda_function_arn = aws_lambda_function.this.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = var.raw_prefix
  }

  depends_on = [aws_lambda_permission.s3]
}

# ---- what becomes of what it cannot do ----

resource "aws_lambda_function_event_invoke_config" "this" {
  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }
}

resource "aws_sqs_queue" "failed" {
  name                              = "${var.name}-failed"
  message_retention_seconds         = 1209600 # 14 days, the most there is
  visibility_timeout_seconds        = 60
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 3600
}

data "aws_iam_policy_document" "failed" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:PurgeQueue"]
    resources = [aws_sqs_queue.failed.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "failed" {
  queue_url = aws_sqs_queue.failed.id
  policy    = data.aws_iam_policy_document.failed.json
}
