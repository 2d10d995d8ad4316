# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option that says where a credential is published."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring."""

    DOCUMENTATION = r"""
options:
  store:
    description:
      - Where the credential is published for its readers, and where its journal is kept beside it.
      - Each type of store reads its own suboptions and ignores those of the others.
    type: dict
    required: true
    suboptions:
      type:
        description:
          - The kind of store.
          - V(vault) is the KV engine, version 1 or 2, of HashiCorp Vault or OpenBao and needs the Python package C(hvac).
          - V(ssm) is AWS Systems Manager Parameter Store and V(secretsmanager) is AWS Secrets Manager. They need C(botocore).
          - V(file) is a YAML file encrypted with C(ansible-vault) on the controller. Only tasks with a local connection can use it.
        type: str
        required: true
        choices: [vault, ssm, secretsmanager, file]
      fields:
        description:
          - Renames fields to what readers of the published value expect, the credential's own name to the published one.
        type: dict
      drop_off:
        description:
          - A second place in the same store, into which a person puts a new value that only a person can make; the counterpart of
            O(store.path) or O(store.name). It has the same field names as the published value, and may have a C(label).
          - The next run takes the value, and removes it from there for good when it is published. Whatever else lies there goes with it.
          - Only for kinds whose values a person makes, such as M(locksmith.rotation.manual_credential_rotate).
        type: str
      path:
        description:
          - With O(store.type=vault), the path of the secret below O(store.engine_mount_point), such as V(orders/db).
          - With O(store.type=file), the path of the encrypted file.
        type: str
      url:
        description:
          - The address of the Vault server. Without HTTPS, secrets cross the network in clear.
          - The environment variables E(ANSIBLE_HASHI_VAULT_ADDR) and E(VAULT_ADDR) are used if it is not given.
        type: str
      engine_mount_point:
        description: Where the KV engine is mounted, V(secret) if not given.
        type: str
      kv_version:
        description:
          - The version of the KV engine. Detected if not given.
          - Only needed where the token may not ask for it (C(sys/internal/ui/mounts)).
        type: int
        choices: [1, 2]
      journal_prefix:
        description:
          - Where journals are kept, so that readers of the published value need no right to them.
          - With O(store.type=vault), the first part of the journal's path, V(locksmith) if not given.
          - With O(store.type=ssm), V(/locksmith) if not given, and O(store.name) and C(/journal) follow.
          - With O(store.type=secretsmanager), V(locksmith) if not given, and a slash and O(store.name) follow.
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
        description: Where the auth method is mounted, if not under its usual name.
        type: str
      token:
        description:
          - The token, for O(store.auth_method=token).
          - The environment variables E(ANSIBLE_HASHI_VAULT_TOKEN) and E(VAULT_TOKEN) are used if it is not given,
            then the token file.
        type: str
      token_path:
        description: The directory of O(store.token_file), the user's home directory if not given.
        type: path
      token_file:
        description: The name of a file that holds the token, V(.vault-token) if not given.
        type: str
      username:
        description:
          - The user name, for O(store.auth_method=userpass) and O(store.auth_method=ldap).
          - The environment variable E(ANSIBLE_HASHI_VAULT_USERNAME) is used if it is not given.
        type: str
      password:
        description:
          - The password, for O(store.auth_method=userpass) and O(store.auth_method=ldap).
          - The environment variable E(ANSIBLE_HASHI_VAULT_PASSWORD) is used if it is not given.
        type: str
      role_id:
        description:
          - The AppRole's role id, or the name of the role for V(jwt), V(kubernetes), V(aws_iam) and V(cert).
          - The environment variable E(ANSIBLE_HASHI_VAULT_ROLE_ID) is used if it is not given.
        type: str
      secret_id:
        description:
          - With O(store.type=vault), the AppRole's secret id. The environment variable
            E(ANSIBLE_HASHI_VAULT_SECRET_ID) is used if it is not given.
          - With O(store.type=secretsmanager), another way to write O(store.name), as Secrets Manager itself calls it.
            Because the option is treated as a secret, Ansible blots the name out of messages; O(store.name) has no such effect.
        type: str
      jwt:
        description:
          - The JSON web token, for V(jwt) and V(kubernetes). For V(kubernetes) the pod's own service account token if not given.
          - The environment variable E(ANSIBLE_HASHI_VAULT_JWT) is used if it is not given.
        type: str
      aws_iam_server_id:
        description: The value of the C(X-Vault-AWS-IAM-Server-ID) header, for O(store.auth_method=aws_iam).
        type: str
      cert_auth_public_key:
        description: The client certificate (PEM file), for O(store.auth_method=cert).
        type: path
      cert_auth_private_key:
        description: The client certificate's private key (PEM file), if it is not in the same file.
        type: path
      ca_cert:
        description:
          - A PEM file of the certificate authorities that Vault's certificate is checked against.
          - The environment variables E(ANSIBLE_HASHI_VAULT_CA_CERT) and E(VAULT_CACERT) are used if it is not given.
        type: path
        aliases: [cacert]
      timeout:
        description: Seconds that Vault may take for an answer, V(30) if not given and at most.
        type: int
      retries:
        description: How often a request to Vault without a usable answer is repeated, V(3) if not given.
        type: int
      name:
        description:
          - With O(store.type=ssm), the parameter that holds the credential's fields as one JSON object, a SecureString.
            Readers never see half of a pair. Fields that are not the credential's are kept.
            Exactly one of this and O(store.names) is needed.
          - With O(store.type=secretsmanager), the name or the ARN of the secret, which holds a JSON object.
        type: str
      names:
        description:
          - With O(store.type=ssm), a parameter for each field of the credential, for readers that expect bare values, and one for
            C(rotated_at) if you like. Each is a SecureString; that of C(rotated_at) is a String.
          - The parameters are written one after the other. For about the time of a request, a reader can see
            a new key id with an old secret.
          - Not together with O(store.fields).
        type: dict
      key_id:
        description:
          - With O(store.type=ssm), the KMS key that parameters are encrypted with. It is sent with every write, and
            without it SSM takes C(alias/aws/ssm), also for a parameter that was encrypted with another key before.
        type: str
      tier:
        description:
          - With O(store.type=ssm), the tier of the parameters. With V(Standard) a value may be 4096 bytes long, otherwise 8192.
          - If not given, the account's default applies to a published parameter. A journal is Standard while it fits.
        type: str
        choices: [Standard, Advanced, Intelligent-Tiering]
      kms_key_id:
        description:
          - With O(store.type=secretsmanager), the KMS key for secrets that are created. An existing secret keeps its key.
        type: str
      access_key:
        description:
          - With O(store.type=ssm) and O(store.type=secretsmanager), the AWS access key id.
          - Not together with O(store.profile).
          - The environment variables E(AWS_ACCESS_KEY_ID) and E(AWS_ACCESS_KEY) are used if it is not given.
          - Without O(store.access_key) and O(store.profile), botocore's own chain applies, which ends with the role of the
            instance or the task.
        type: str
        aliases: [aws_access_key_id, aws_access_key]
      secret_key:
        description:
          - The secret of O(store.access_key).
          - The environment variables E(AWS_SECRET_ACCESS_KEY) and E(AWS_SECRET_KEY) are used if it is not given.
        type: str
        aliases: [aws_secret_access_key, aws_secret_key]
      session_token:
        description:
          - The session token that belongs to a temporary O(store.access_key).
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
          - Requests to every service go there, also the one to STS for O(store.assume_role_arn). For a single service, set
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
        description: The external id that the trust policy of O(store.assume_role_arn) demands.
        type: str
      role_session_name:
        description: The name of the session under O(store.assume_role_arn), which CloudTrail shows.
        type: str
        default: locksmith
      vault_password_file:
        description:
          - With O(store.type=file), the file that holds the C(ansible-vault) password, or an executable that prints it.
          - The environment variable E(ANSIBLE_VAULT_PASSWORD_FILE) is used if it is not given.
        type: path
      vault_id:
        description: With O(store.type=file), the label of the C(ansible-vault) password, written into the encrypted file.
        type: str
"""
