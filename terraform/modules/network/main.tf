# SPDX-License-Identifier: Apache-2.0
# A network without a way out: private subnets, no internet gateway, no NAT. What the function needs of AWS it reaches
# by endpoints: S3 by a gateway, which costs nothing, the rest by interfaces. Logs, traces and the queue of failed events are
# the platform's own business and need none.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

data "aws_availability_zones" "here" {
  state = "available"
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  account = data.aws_caller_identity.current.account_id
  arn     = "arn:${data.aws_partition.current.partition}"
  region  = data.aws_region.current.region
  zones   = slice(data.aws_availability_zones.here.names, 0, var.n_zones)

  # What is asked of the services that keep secrets, and of which: told apart by the ARN.
  secret_actions = { secretsmanager = "secretsmanager:GetSecretValue", ssm = "ssm:GetParameter" }
  secrets        = { for service in keys(local.secret_actions) : service => [for arn in var.secret_arns : arn if split(":", arn)[2] == service] }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# Whatever names no security group gets this one, and can speak to nobody.
resource "aws_default_security_group" "nobody" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.name}-nobody" }
}

resource "aws_subnet" "private" {
  for_each = { for i, zone in local.zones : zone => i }

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(var.cidr, 4, each.value)
  map_public_ip_on_launch = false
  tags                    = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table" "private" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.name}-private" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private.id
}

# ---- endpoints ----

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${local.region}.s3"
  route_table_ids   = [aws_route_table.private.id]
  policy            = data.aws_iam_policy_document.s3_endpoint.json
  tags              = { Name = "${var.name}-s3" }
}

# Nothing of this network reaches a bucket of somebody else's, or ours with somebody else's keys.
data "aws_iam_policy_document" "s3_endpoint" {
  statement {
    sid       = "OurBucketsOnly"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = flatten([for arn in var.bucket_arns : [arn, "${arn}/*"]])
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.interface_endpoints)

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${local.region}.${each.value}"
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  policy              = contains(keys(local.secret_actions), each.value) ? data.aws_iam_policy_document.secret_endpoint[each.value].json : data.aws_iam_policy_document.endpoint.json
  tags                = { Name = "${var.name}-${each.value}" }
}

# Of secrets and parameters only those of this environment are handed out here, and to nobody but this account: keys of somebody
# else's that are brought into this network open nothing, and carry nothing out.
data "aws_iam_policy_document" "secret_endpoint" {
  for_each = local.secret_actions

  statement {
    sid       = "OurSecretsOnly"
    actions   = [each.value]
    resources = coalescelist(local.secrets[each.key], ["${local.arn}:${each.key}:${local.region}:${local.account}:*"])
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

# What is added for others (a host of Airflow's) may do what their roles may, with keys of this account.
data "aws_iam_policy_document" "endpoint" {
  #checkov:skip=CKV_AWS_1:which actions there are depends on the service; roles say which of them are allowed, and only keys of this account pass
  #checkov:skip=CKV_AWS_49:as above
  statement {
    sid       = "OurAccountOnly"
    actions   = ["*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

# ---- who may speak to whom ----

resource "aws_security_group" "function" {
  #checkov:skip=CKV2_AWS_5:the function is attached to it by modules/function
  name        = "${var.name}-function"
  description = "The function: out to the database and to endpoints, in from nobody"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-function" }
}

resource "aws_vpc_security_group_egress_rule" "function_s3" {
  security_group_id = aws_security_group.function.id
  description       = "S3, by its gateway"
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "function_endpoints" {
  security_group_id            = aws_security_group.function.id
  description                  = "Services of AWS, by their endpoints"
  referenced_security_group_id = aws_security_group.endpoints.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Endpoints of services: in from the function"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_function" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "The function"
  referenced_security_group_id = aws_security_group.function.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# ---- who spoke to whom ----

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = var.flow_log_traffic
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow.arn
  max_aggregation_interval = 600
  tags                     = { Name = var.name }
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/finetl/${var.name}/flow"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

data "aws_iam_policy_document" "flow_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "flow" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = [aws_cloudwatch_log_group.flow.arn, "${aws_cloudwatch_log_group.flow.arn}:*"]
  }
}

resource "aws_iam_role" "flow" {
  name               = "${var.name}-flow"
  description        = "VPC flow logs of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.flow_assume.json
}

resource "aws_iam_role_policy" "flow" {
  name   = "write"
  role   = aws_iam_role.flow.id
  policy = data.aws_iam_policy_document.flow.json
}
