# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say how to reach AWS and as whom, named as C(amazon.aws) names them."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring."""

    DOCUMENTATION = r"""
options:
  access_key:
    description:
      - The AWS access key id. Not together with O(profile).
      - The environment variables E(AWS_ACCESS_KEY_ID) and E(AWS_ACCESS_KEY) are used if it is not given.
      - Without O(access_key) and O(profile), botocore's own chain applies, which ends with the role of the instance or the task.
    type: str
    aliases: [aws_access_key_id, aws_access_key]
  secret_key:
    description:
      - The secret of O(access_key).
      - The environment variables E(AWS_SECRET_ACCESS_KEY) and E(AWS_SECRET_KEY) are used if it is not given.
    type: str
    aliases: [aws_secret_access_key, aws_secret_key]
  session_token:
    description:
      - The session token that belongs to a temporary O(access_key).
      - The environment variable E(AWS_SESSION_TOKEN) is used if it is not given.
    type: str
    aliases: [aws_session_token]
  profile:
    description:
      - A profile of the AWS configuration files.
      - The environment variables E(AWS_PROFILE) and E(AWS_DEFAULT_PROFILE) are used if it is not given.
    type: str
    aliases: [aws_profile]
  region:
    description:
      - The AWS region.
      - The environment variables E(AWS_REGION) and E(AWS_DEFAULT_REGION) are used if it is not given, then the profile's.
      - IAM and STS need none, except in China and GovCloud.
    type: str
    aliases: [aws_region]
  endpoint_url:
    description:
      - Where to send requests instead of to AWS, for a VPC endpoint or an AWS-compatible server.
      - Requests to every service go there, also the one to STS for O(assume_role_arn). For a single service, set
        botocore's own environment variable such as E(AWS_ENDPOINT_URL_SSM) instead.
      - The environment variable E(AWS_URL) is used if it is not given.
    type: str
    aliases: [aws_endpoint_url]
  validate_certs:
    description: Whether AWS's TLS certificates are checked.
    type: bool
    default: true
  aws_ca_bundle:
    description:
      - A PEM file of the certificate authorities that AWS's certificates are checked against.
      - The environment variable E(AWS_CA_BUNDLE) is used if it is not given.
    type: path
  assume_role_arn:
    description:
      - A role to assume first, such as one of another account. It is assumed with the credentials of the options above.
      - This costs one STS request for each credential and run.
    type: str
  external_id:
    description: The external id that the trust policy of O(assume_role_arn) demands.
    type: str
  role_session_name:
    description: The name of the session under O(assume_role_arn), which CloudTrail shows.
    type: str
    default: locksmith
requirements:
  - boto3 1.28 or later on the machine where the module runs
"""
