"""No secret stands in the tree: `python -m tests.secret_scan`, part of `make lint`.

detect-secrets looks for what is a secret by its form: private keys, tokens of known services, JWTs, logins in URLs.
What only looks random is not looked for: hashes, locks and test data are full of it. What is known and harmless is in
`tests/secrets.allowed`, as `file type digest`: a line for each, that a reviewer sees.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).parent.parent
ALLOWED = ROOT / "tests" / "secrets.allowed"
PLUGINS = (
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector",
    "DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector", "MailchimpDetector",
    "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector",
    "SoftlayerDetector", "SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector",
)  # fmt: skip
# What was built by others, and lists of digests: none of it is written here.
NOT_OURS = ("kgraph/api/static/*", "*.lock", "*go.sum", "web/package-lock.json", "*.png")


def found_in(folder: Path, files: Iterable[str]) -> list[str]:
    """What looks like a secret in these files of a folder, as `file type digest`; never the secret itself."""
    found = []
    # No secret is tried out at the service that it may be for: the filter that does so is not among these.
    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS], "filters_used": []}):
        for file in files:
            for each in scan_file(str(folder / file)):
                digest = hashlib.sha256((each.secret_value or each.secret_hash).encode()).hexdigest()[:16]
                found.append(f"{file} {each.type.replace(' ', '-')} {digest}")
    return sorted(set(found))


def tracked() -> list[str]:
    """The files of the repository that are to be looked at, those that are about to be committed among them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", "."]
    command += [f":(exclude,glob)**/{each}" if each.startswith("*") else f":(exclude){each}" for each in NOT_OURS]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def main() -> None:
    """Print what is found and not allowed, and what is allowed and no longer there; end with 1 for either."""
    found, allowed = set(found_in(ROOT, tracked())), set(ALLOWED.read_text("utf-8").splitlines())
    wrong = [f"looks like a secret: {line}" for line in sorted(found - allowed)]
    wrong += [f"is allowed in {ALLOWED.name} and is not there any more: {line}" for line in sorted(allowed - found)]
    sys.stderr.writelines(f"{line}\n" for line in wrong)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
