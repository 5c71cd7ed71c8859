# SPDX-License-Identifier: Apache-2.0
mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name        = "financial-etl-test"
  bucket_arns = ["arn:aws:s3:::in", "arn:aws:s3:::out"]
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/1"
}

run "no_way_out" {
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : !subnet.map_public_ip_on_launch]) && length(aws_subnet.private) == 2
    error_message = "Subnets are private, in two zones."
  }
  assert {
    condition     = length(coalesce(aws_route_table.private.route, [])) == 0
    error_message = "There is no route to the internet."
  }
  assert {
    condition     = length(distinct([for subnet in aws_subnet.private : subnet.cidr_block])) == 2
    error_message = "Each zone has addresses of its own."
  }
}

run "function_speaks_to_what_it_needs_only" {
  assert {
    condition     = aws_vpc_security_group_egress_rule.function_s3.prefix_list_id == "pl-0123456789abcdef0" && aws_vpc_security_group_egress_rule.function_s3.to_port == 443
    error_message = "Out to S3, by its gateway."
  }
  assert {
    condition = alltrue([
      for rule in [aws_vpc_security_group_egress_rule.function_s3, aws_vpc_security_group_egress_rule.function_endpoints] :
      rule.cidr_ipv4 == null && rule.cidr_ipv6 == null && rule.ip_protocol == "tcp" && rule.from_port == 443
    ])
    error_message = "Nowhere else: no addresses, no other port."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints_function.cidr_ipv4 == null && aws_vpc_security_group_ingress_rule.endpoints_function.from_port == 443
    error_message = "Endpoints take the function, by its group."
  }
}

run "endpoints" {
  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.service_name == "com.amazonaws.eu-central-1.s3"
    error_message = "S3 by a gateway."
  }
  assert {
    condition     = keys(aws_vpc_endpoint.interface) == ["secretsmanager"] && aws_vpc_endpoint.interface["secretsmanager"].private_dns_enabled
    error_message = "Secrets Manager by an interface, under its own name."
  }
  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.s3_endpoint.statement : !contains(statement.resources, "*") && !contains(statement.actions, "s3:*") &&
      one(statement.condition).variable == "aws:PrincipalAccount"
    ])
    error_message = "No bucket but ours can be reached, and only with keys of ours."
  }
}

run "s3_as_far_as_the_function_needs_it" {
  assert {
    condition = one(data.aws_iam_policy_document.s3_endpoint.statement).actions == toset([
      "s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:PutObject",
    ])
    error_message = "Nothing can be deleted by this way."
  }
}

run "secrets_of_this_environment_only" {
  variables {
    interface_endpoints = ["secretsmanager", "ssm", "sqs"]
    secret_arns         = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1", "arn:aws:ssm:eu-central-1:111122223333:parameter/api"]
  }
  assert {
    condition = { for service, document in data.aws_iam_policy_document.secret_endpoint : service => one(document.statement).resources } == {
      secretsmanager = toset(["arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1"])
      ssm            = toset(["arn:aws:ssm:eu-central-1:111122223333:parameter/api"])
    }
    error_message = "Each by the service that keeps it."
  }
  assert {
    condition = { for service, document in data.aws_iam_policy_document.secret_endpoint : service => one(document.statement).actions } == {
      secretsmanager = toset(["secretsmanager:GetSecretValue"])
      ssm            = toset(["ssm:GetParameter"])
    }
    error_message = "They are read, and no more."
  }
  assert {
    condition = alltrue([
      for document in concat(values(data.aws_iam_policy_document.secret_endpoint), [data.aws_iam_policy_document.endpoint]) :
      one(one(document.statement).condition).variable == "aws:PrincipalAccount" && one(one(document.statement).condition).values == tolist(["111122223333"])
    ])
    error_message = "With keys of this account, at every endpoint."
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.policy != null])
    error_message = "No endpoint lets everything through."
  }
}

run "where_no_secret_is_named_those_of_the_account" {
  assert {
    condition     = one(data.aws_iam_policy_document.secret_endpoint["secretsmanager"].statement).resources == toset(["arn:aws:secretsmanager:eu-central-1:111122223333:*"])
    error_message = "Of this region and account, and none other's."
  }
}

run "patterns_of_secrets_are_refused" {
  command = plan
  variables {
    secret_arns = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:*"]
  }
  expect_failures = [var.secret_arns]
}

run "traffic_is_written_down" {
  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.flow.retention_in_days >= 365
    error_message = "All of it, encrypted, for a year."
  }
}

run "one_zone_is_refused" {
  command = plan
  variables {
    n_zones = 1
  }
  expect_failures = [var.n_zones]
}

run "small_networks_are_refused" {
  command = plan
  variables {
    cidr = "10.0.0.0/28"
  }
  expect_failures = [var.cidr]
}
