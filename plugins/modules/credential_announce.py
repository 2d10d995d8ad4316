#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_announce
short_description: Tell teams and their pipelines which version of a credential is published
version_added: 0.1.0
description:
  - Tells each target once of each published version, by an SNS topic, by starting a pipeline in Jenkins, GitHub Actions or GitLab CI,
    or by a signed webhook. The role P(locksmith.rotation.credential#role) does it after publishing.
  - An announcement holds public facts only. Whoever gets it fetches the value from the store with rights of its own.
  - Whom it reached is recorded in the credential's journal. What did not arrive is warned about and announced again by the next run,
    so a target may hear of a version twice, and it never misses one that stays published.
  - It never fails. The rotation has succeeded by then, and a dead receiver does not change that.
  - Where O(store) or O(targets) is left out, it is taken from the host's variable C(credential_store) or C(credential_announce). Then
    its secrets are in no argument of a task, which Ansible shows to every callback plugin.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.store
attributes:
  check_mode:
    description: Says whom it would tell, and tells nobody.
    support: full
  diff_mode:
    description: Has nothing to compare.
    support: none
  idempotent:
    description: A target that knows of the published version is not told again.
    support: full
  action:
    description: Runs on the controller, which has to reach the store and the targets.
    support: full
options:
  name:
    description:
      - The name of the credential.
    type: str
    required: true
  type:
    description:
      - The kind of credential, such as V(iam), V(postgresql) or V(grafana).
    type: str
    required: true
  targets:
    description:
      - Who is told. Each target reads the options of its own kind and refuses the others.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description:
          - V(sns) publishes to an AWS SNS topic and needs the Python package C(botocore). The others need C(requests).
          - V(jenkins) builds a job.
          - V(github) sends C(repository_dispatch), or C(workflow_dispatch) if a O(targets[].workflow) is named.
          - V(gitlab) runs a pipeline with a pipeline trigger token.
          - V(webhook) posts JSON that is signed with HMAC-SHA256.
        type: str
        choices: [sns, jenkins, github, gitlab, webhook]
        required: true
      name:
        description:
          - What messages and the journal call it. By default its kind and address.
        type: str
      fields:
        description:
          - The facts to tell, all of them if not given.
          - For V(jenkins) and V(gitlab) they are parameters and variables called C(CREDENTIAL), C(CREDENTIAL_VERSION),
            C(CREDENTIAL_STORE) and so on.
          - A GitHub workflow refuses inputs that it does not declare.
        type: list
        elements: str
        choices: [event, credential, type, version, id, fingerprint, store, published_at]
      url:
        description:
          - For V(jenkins), the URL of the job, such as C(https://ci.example.com/job/deploy/job/orders).
          - For V(github), the URL of the API, if it is not V(https://api.github.com).
          - For V(gitlab), the URL of GitLab, if it is not V(https://gitlab.com).
          - For V(webhook), where to post. Only scheme, host and port are ever shown.
        type: str
      topic_arn:
        description: For V(sns), the topic. Without O(targets[].region) it is asked in the region of its ARN.
        type: str
      user:
        description: For V(jenkins), the user of O(targets[].api_token), who needs Job/Read and Job/Build on the job.
        type: str
      api_token:
        description: For V(jenkins), an API token. Requests with one need no crumb.
        type: str
      parameterized:
        description: For V(jenkins), set it to V(false) for a job that declares no parameters.
        type: bool
      parameters:
        description: For V(jenkins), more parameters.
        type: dict
      repository:
        description: For V(github), the repository as C(owner/name).
        type: str
      token:
        description:
          - For V(github), a token that may write contents of the repository, or actions if O(targets[].workflow) is given.
          - For V(gitlab), a pipeline trigger token of the project.
        type: str
      event_type:
        description: For V(github), the type of the C(repository_dispatch), V(credential_published) if not given.
        type: str
      workflow:
        description: For V(github), the file name or id of a workflow to start with C(workflow_dispatch).
        type: str
      ref:
        description: For V(gitlab) and a GitHub O(targets[].workflow), the branch or tag, V(main) if not given.
        type: str
      project:
        description: For V(gitlab), the project's id or path.
        type: str
      hmac_secret:
        description: For V(webhook), the secret that signs the body.
        type: str
      hmac_header:
        description:
          - For V(webhook), the header of the signature, which is C(sha256=) and hexadecimal digits. V(X-Hub-Signature-256) if not given.
        type: str
      validate_certs:
        description: Whether to check TLS certificates, V(true) if not given.
        type: bool
      ca_path:
        description: PEM file of the CA certificates to check the server's certificate with. Not for V(sns).
        type: path
      use_proxy:
        description: Whether to use the proxy that the environment names, V(true) if not given. Not for V(sns).
        type: bool
      access_key:
        description:
          - For V(sns), the AWS access key id, as in O(store.access_key), with the same environment variables and the same chain after them.
        type: str
        aliases: [aws_access_key_id, aws_access_key]
      secret_key:
        description: For V(sns), the secret of O(targets[].access_key).
        type: str
        aliases: [aws_secret_access_key, aws_secret_key]
      session_token:
        description: For V(sns), the session token of a temporary O(targets[].access_key).
        type: str
        aliases: [aws_session_token]
      profile:
        description: For V(sns), a profile of the AWS configuration files.
        type: str
        aliases: [aws_profile]
      region:
        description: For V(sns), the AWS region.
        type: str
        aliases: [aws_region]
      endpoint_url:
        description: For V(sns), where to send requests instead of to AWS.
        type: str
        aliases: [aws_endpoint_url]
      aws_ca_bundle:
        description: For V(sns), a PEM file of the certificate authorities that AWS's certificates are checked against.
        type: path
      assume_role_arn:
        description: For V(sns), a role to assume first.
        type: str
      external_id:
        description: For V(sns), the external id that the role's trust policy demands.
        type: str
      role_session_name:
        description: For V(sns), the name of the session under the role, V(locksmith) if not given.
        type: str
"""

EXAMPLES = r"""
- name: Tell the team, and start the pipeline that deploys the key
  locksmith.rotation.credential_announce:
    name: ci-deployer
    type: iam
    store:
      type: ssm
      name: /ci/deployer
      region: eu-west-1
    targets:
      - kind: sns
        topic_arn: arn:aws:sns:eu-west-1:123456789012:credentials
      - kind: gitlab
        project: payments/deploy
        token: "{{ gitlab_trigger_token }}"
        ref: main
  no_log: true

- name: The same in a catalogue, for the role and the playbooks
  ansible.builtin.set_fact:
    credential_announce:
      - kind: jenkins
        url: https://ci.example.com/job/deploy/job/orders
        user: locksmith
        api_token: "{{ jenkins_api_token }}"
      - kind: github
        repository: example/orders
        token: "{{ github_token }}"
        workflow: deploy.yml
        ref: main
        fields: [credential, version, fingerprint]
      - kind: webhook
        name: deployment broker
        url: https://broker.example.com/hooks/credentials
        hmac_secret: "{{ broker_secret }}"
  no_log: true
"""

RETURN = r"""
announced:
  description: The targets that were told, or in check mode would be told.
  returned: always
  type: list
  elements: str
  sample: ["gitlab https://gitlab.com/payments/deploy"]
unannounced:
  description: The targets that could not be told, and why. The next run tries again. There is a warning for each.
  returned: always
  type: list
  elements: dict
  contains:
    target:
      description: Its name.
      type: str
    why:
      description: What happened, without any secret.
      type: str
"""
