# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say how to reach Vault or OpenBao and as whom, named as C(community.hashi_vault) names them."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - The address of the Vault server. Without HTTPS, secrets cross the network in clear. Required.
      - The environment variables E(ANSIBLE_HASHI_VAULT_ADDR) and E(VAULT_ADDR) are used if it is not given.
    type: str
  namespace:
    description:
      - The Vault or OpenBao namespace.
      - The environment variables E(ANSIBLE_HASHI_VAULT_NAMESPACE) and E(VAULT_NAMESPACE) are used if it is not given.
    type: str
  auth_method:
    description:
      - How to log in to Vault, V(token) if not given. V(none) is for a Vault Agent that adds the token itself.
      - The environment variable E(ANSIBLE_HASHI_VAULT_AUTH_METHOD) is used if it is not given.
    type: str
    choices: [token, approle, userpass, ldap, jwt, kubernetes, aws_iam, cert, none]
  mount_point:
    description: Where the auth method is mounted that this login uses, if not under its usual name.
    type: str
  token:
    description:
      - The token, for O(auth_method=token).
      - The environment variables E(ANSIBLE_HASHI_VAULT_TOKEN) and E(VAULT_TOKEN) are used if it is not given, then the token file.
    type: str
  token_path:
    description: The directory of O(token_file), the user's home directory if not given.
    type: path
  token_file:
    description: The name of a file that holds the token, V(.vault-token) if not given.
    type: str
  username:
    description:
      - The user name, for O(auth_method=userpass) and O(auth_method=ldap).
      - The environment variable E(ANSIBLE_HASHI_VAULT_USERNAME) is used if it is not given.
    type: str
  password:
    description:
      - The password, for O(auth_method=userpass) and O(auth_method=ldap).
      - The environment variable E(ANSIBLE_HASHI_VAULT_PASSWORD) is used if it is not given.
    type: str
  role_id:
    description:
      - The role id of the AppRole to log in with, or the name of the role for V(jwt), V(kubernetes), V(aws_iam) and V(cert).
      - The environment variable E(ANSIBLE_HASHI_VAULT_ROLE_ID) is used if it is not given.
    type: str
  secret_id:
    description:
      - The secret id to log in with, for O(auth_method=approle).
      - The environment variable E(ANSIBLE_HASHI_VAULT_SECRET_ID) is used if it is not given.
    type: str
  jwt:
    description:
      - The JSON web token, for V(jwt) and V(kubernetes). For V(kubernetes) the pod's own service account token if not given.
      - The environment variable E(ANSIBLE_HASHI_VAULT_JWT) is used if it is not given.
    type: str
  aws_iam_server_id:
    description: The value of the C(X-Vault-AWS-IAM-Server-ID) header, for O(auth_method=aws_iam).
    type: str
  cert_auth_public_key:
    description: The client certificate (PEM file), for O(auth_method=cert).
    type: path
  cert_auth_private_key:
    description: The client certificate's private key (PEM file), if it is not in the same file.
    type: path
  access_key:
    description:
      - The AWS access key id, for O(auth_method=aws_iam).
      - The environment variables E(AWS_ACCESS_KEY_ID) and E(AWS_ACCESS_KEY) are used if it is not given, then botocore's own chain.
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
      - A profile of the AWS configuration files, for O(auth_method=aws_iam).
      - The environment variables E(AWS_PROFILE) and E(AWS_DEFAULT_PROFILE) are used if it is not given.
    type: str
    aliases: [aws_profile]
  region:
    description:
      - The AWS region that the log-in request is signed for, for O(auth_method=aws_iam).
      - The environment variables E(AWS_REGION) and E(AWS_DEFAULT_REGION) are used if it is not given.
    type: str
    aliases: [aws_region]
  ca_cert:
    description:
      - A PEM file of the certificate authorities that Vault's certificate is checked against.
      - The environment variables E(ANSIBLE_HASHI_VAULT_CA_CERT) and E(VAULT_CACERT) are used if it is not given.
    type: path
    aliases: [cacert]
  validate_certs:
    description: Whether Vault's certificate is checked. Without it, whoever is in between reads every secret.
    type: bool
    default: true
  timeout:
    description: Seconds that Vault may take for an answer, V(30) if not given and at most.
    type: int
  retries:
    description:
      - How often a request to Vault without a usable answer is repeated, V(3) if not given. One that makes something is not, where
        it may have taken effect.
    type: int
requirements:
  - hvac
"""
