/** Every setting of the process, declared once: how it is written, what it is when unset, and what it is for. */

import { LANGUAGES } from '../messages/messages.ts'
import {
  absoluteFile,
  address,
  appKey,
  basePath,
  blanks,
  choice,
  commas,
  databaseUrl,
  days,
  daysOfSpace,
  email,
  firebaseKey,
  flag,
  header,
  headerName,
  host,
  hostOrNetwork,
  type Kind,
  limit,
  list,
  logTarget,
  minutes,
  network,
  origin,
  ovhEndpoint,
  path,
  pattern,
  ratio,
  redisUrl,
  secret,
  smsBody,
  smsTemplate,
  text,
  url,
  wholeNumber,
} from './kinds.ts'

export interface Setting<Value> {
  readonly kind: Kind<Value>
  /** As an operator would write it; `null`: unset is a value of its own. */
  readonly fallback: string | null
  /** A reserved setting is accepted and checked, and no code reads it yet. */
  readonly status: 'active' | 'reserved'
  /** One sentence for docs/configuration.md. */
  readonly meaning: string
}

interface Declare {
  <Value>(kind: Kind<Value>, fallback: string, meaning: string): Setting<Value>
  <Value>(kind: Kind<Value>, fallback: null, meaning: string): Setting<Value | null>
}

const declared =
  (status: Setting<unknown>['status']): Declare =>
  <Value>(kind: Kind<Value>, fallback: string | null, meaning: string): Setting<Value> => ({
    kind,
    fallback,
    status,
    meaning,
  })

const active = declared('active')
const reserved = declared('reserved')

const server = {
  LISTEN: active(address, '127.0.0.1:8080', 'Where HTTP requests are accepted; port 0 takes any free port.'),
  TLS_CERT: active(
    path,
    null,
    'Certificate chain in PEM; with `TLS_KEY` the server speaks TLS itself, HTTP/2 included.',
  ),
  TLS_KEY: active(path, null, 'File with the private key of `TLS_CERT` in PEM.'),
  TRUSTED_PROXIES: active(
    list(network, { separator: blanks, named: 'networks such as 10.0.0.0/8, separated by commas' }),
    '',
    'Networks whose forwarding headers (client address, scheme, host) are believed; empty believes nobody.',
  ),
  PUBLIC_SCHEME: active(
    choice(['https', 'http']),
    null,
    'Scheme of links; unset is what a trusted proxy says in `X-Forwarded-Proto`, or our own.',
  ),
  PUBLIC_PORT: active(
    wholeNumber(1, 65_535),
    null,
    'Port of links; unset is the usual one where `PUBLIC_SCHEME` or a trusted proxy says the scheme, else the one of `LISTEN`.',
  ),
  BASE_PATH: active(basePath, '/', 'Path under which a proxy mounts the server.'),
  CORS_ALLOW_ORIGIN: active(origin, '*', 'Origin whose scripts may read replies of the API; they never use cookies.'),
  UPLOAD_MAX_BYTES: active(
    wholeNumber(1_048_576, 2_147_483_647),
    '33554432',
    'Longest accepted file in bytes; Flexisip records no voicemail when it is below 12582840.',
  ),
  METRICS_LISTEN: active(
    address,
    null,
    'Where Prometheus metrics are served, without authentication; unset serves none.',
  ),
  CLIENT_CERT_HEADER_VERIFY: reserved(
    headerName,
    'X-SSL-Client-Verify',
    'Header of a trusted proxy that says `SUCCESS` when it has verified a client certificate.',
  ),
  CLIENT_CERT_HEADER_DN: reserved(
    headerName,
    'X-SSL-Client-S-DN',
    'Header of a trusted proxy with the subject of the client certificate.',
  ),
}

const storage = {
  DATA_DIR: active(
    path,
    '/var/lib/sipkeeper',
    'Directory of everything kept on disk; `~/.local/share/sipkeeper` (or below `XDG_DATA_HOME`) for a user who cannot make the default, `data` in the checkout for `bun run start`.',
  ),
  DATABASE_URL: active(
    secret(databaseUrl),
    null,
    'PostgreSQL database; unset keeps everything in the SQLite file `sipkeeper.sqlite` in `DATA_DIR`.',
  ),
  DB_CONNECTION: active(
    choice(['pgsql', 'sqlite', 'mysql'], { postgres: 'pgsql', postgresql: 'pgsql', mariadb: 'mysql' }),
    null,
    'Name of the reference: `pgsql` makes a `DATABASE_URL` of the `DB_*` settings, `mysql` is refused.',
  ),
  DB_HOST: active(text, null, 'Host of the database for `DB_CONNECTION=pgsql`; unset is 127.0.0.1.'),
  DB_PORT: active(wholeNumber(1, 65_535), null, 'Port of the database for `DB_CONNECTION=pgsql`; unset is 5432.'),
  DB_DATABASE: active(text, null, 'Name of the database for `DB_CONNECTION=pgsql`.'),
  DB_USERNAME: active(text, null, 'User of the database for `DB_CONNECTION=pgsql`.'),
  DB_PASSWORD: active(secret(text), null, 'Password of the database for `DB_CONNECTION=pgsql`.'),
  FILES_S3_BUCKET: active(
    text,
    null,
    'Bucket of S3 that keeps voicemails, so that several processes share them; unset keeps them in `files` in `DATA_DIR`.',
  ),
  FILES_S3_ENDPOINT: active(url, null, 'Where the bucket is; unset is Amazon.'),
  FILES_S3_REGION: active(text, 'us-east-1', 'Region of the bucket.'),
  FILES_S3_ACCESS_KEY_ID: active(text, null, 'Key for the bucket.'),
  FILES_S3_SECRET_ACCESS_KEY: active(secret(text), null, 'Secret of that key.'),
  FILES_S3_PREFIX: active(
    text,
    'files/',
    'What the names of our files in the bucket begin with; two installations in one bucket must have two of them.',
  ),
  FILES_PUBLIC_LINKS: active(
    flag,
    'false',
    'Whoever has the link of a voicemail may listen to it until it is removed, as with the reference; otherwise its account, administrators, and links that are signed for 14 days.',
  ),
}

const application = {
  APP_ROOT_HOST: active(host, 'localhost', 'Host under which the hosts of all Spaces live.'),
  APP_NAME: active(text, 'sipkeeper', 'Name of the installation in pages and messages.'),
  APP_ENV: active(
    choice(['production', 'local', 'testing']),
    'production',
    'Only `local` and `testing` enable what is meant for developers.',
  ),
  APP_KEY: active(
    appKey,
    null,
    'Key behind cookies, nonces and every encrypted column; unset makes one and keeps it in `DATA_DIR`. Back it up.',
  ),
  APP_KEY_PREVIOUS: active(
    list(appKey, { separator: blanks, named: 'keys written like APP_KEY, separated by commas' }),
    '',
    'Earlier values of `APP_KEY`, still good for reading.',
  ),
  HOOKS_FILE: active(
    path,
    null,
    'TypeScript or JavaScript module with hooks of your own, loaded at start and on SIGHUP.',
  ),
  HOOKS_STRICT: active(flag, 'false', 'Answers 503 when a hook fails, instead of going on without it.'),
  HOOKS_QUERY_PARAMS: active(
    list(text, { separator: blanks, named: 'names separated by commas' }),
    '',
    'Query parameters of provisioning requests that hooks may see.',
  ),
  TERMS_OF_USE_URL: active(url, null, 'Terms of use, linked from registration.'),
  PRIVACY_POLICY_URL: active(url, null, 'Privacy policy, linked from registration.'),
  PHONE_APP_NAME: active(text, 'Linphone', 'Name of the app for phones, on pages that open it.'),
  APP_PROJECT_URL: active(url, null, 'Home page of the installation, linked from the page about it.'),
}

const logging = {
  LOG_FORMAT: active(
    choice(['json', 'text']),
    'json',
    'Shape of a line of the application log. On a terminal lines are short and coloured instead.',
  ),
  LOG_LEVEL: active(
    choice(['debug', 'info', 'warn', 'error'], { warning: 'warn', notice: 'info', critical: 'error' }),
    'info',
    'Least serious level that is written.',
  ),
  ACCESS_LOG: active(
    flag,
    'false',
    'Writes one line for each request into the application log, at `info`; a served provisioning document has its line in any case.',
  ),
  LOG_TARGET: active(
    logTarget,
    'stdout',
    'Where the application log goes; a file is rotated every day, and `syslog:` is the socket `/dev/log`.',
  ),
  SECURITY_LOG_TARGET: active(
    logTarget,
    null,
    'Where security events go, one logfmt line each; unset is `LOG_TARGET`.',
  ),
  LOG_FILE_DAYS: active(days, '30', 'How long rotated log files are kept.'),
}

const authentication = {
  API_RATE_LIMIT_PER_MINUTE: active(
    limit('requests'),
    '600',
    'Requests a minute, for each account or, when anonymous, each address; an IPv6 address counts with its /64.',
  ),
  AUTH_RATE_LIMIT_PER_MINUTE: active(
    limit('attempts'),
    '10',
    'Failed authentications, wrong codes and push-token requests a minute, for each address, likewise.',
  ),
  DIGEST_NONCE_LIFETIME_MINUTES: active(wholeNumber(1, 1440), '5', 'How long a Digest nonce can be used.'),
  APP_API_KEY_EXPIRATION_MINUTES: active(
    minutes,
    '60',
    'How long an unused API key of a user, and its cookie, stay good.',
  ),
  SESSION_LIFETIME: active(wholeNumber(1, 525_600), '120', 'Minutes after which an idle panel session ends.'),
  BLOCKING_TIME_PERIOD_CHECK: active(
    wholeNumber(1, 525_600),
    '30',
    'Minutes over which suspicious events of an account are counted.',
  ),
  BLOCKING_AMOUNT_EVENTS_AUTHORIZED_DURING_PERIOD: active(
    limit('events'),
    '5',
    'Suspicious events in that time after which an account is blocked.',
  ),
  ACCOUNT_AUTHENTICATION_BEARER: reserved(text, null, 'Challenge for bearer tokens where a Space has none of its own.'),
  JWT_RSA_PUBLIC_KEY_PEM: reserved(
    text,
    null,
    'Public key in PEM that bearer tokens are checked with where a Space has none.',
  ),
  JWT_SIP_IDENTIFIER: reserved(text, 'sip_identity', 'Claim of a bearer token that holds the SIP address.'),
}

const accounts = {
  ACCOUNT_USERNAME_MIN_LENGTH: active(
    wholeNumber(1, 64),
    '6',
    'Shortest user name that the API and public forms accept; administrators have no minimum in the panel.',
  ),
  ACCOUNT_USERNAME_REGEX: active(pattern, '^[a-z0-9+_.-]*$', 'What a user name must match.'),
  ACCOUNT_BLACKLISTED_USERNAMES: active(
    list(text, { separator: commas, named: 'words separated by commas' }),
    '',
    'User names that cannot be taken: each entry is a name, and also a regular expression that matches anywhere.',
  ),
  ACCOUNT_PASSWORD_MIN_LENGTH: active(wholeNumber(1, 128), '6', 'Shortest accepted password.'),
  ACCOUNT_DEFAULT_PASSWORD_ALGORITHM: active(
    choice(['MD5', 'SHA-256']),
    null,
    'Algorithm of new passwords where a Space sets none; unset asks for `algorithm` as the API documents it.',
  ),
  ACCOUNT_EMAIL_UNIQUE: active(
    flag,
    'false',
    'Whether every Space refuses an e-mail address that another of its accounts has. Otherwise a Space decides for itself (`unique_email`).',
  ),
  APP_ALLOW_PHONE_NUMBER_USERNAME_ADMIN_API: active(
    flag,
    'false',
    'Lets administrators give an account a user name that is a phone number.',
  ),
  VCARDS_STORAGE_MAX_PER_ACCOUNT: active(
    wholeNumber(1, 100_000),
    '5000',
    'How many vCards an app may store for its account, in 16 MiB at most.',
  ),
}

const tokens = {
  APP_ACCOUNT_CREATION_REQUEST_TOKEN_EXPIRATION_MINUTES: active(
    minutes,
    '60',
    'Life of a request for a creation token.',
  ),
  APP_ACCOUNT_CREATION_TOKEN_EXPIRATION_MINUTES: active(minutes, '0', 'Life of an account creation token.'),
  APP_ACCOUNT_RECOVERY_TOKEN_EXPIRATION_MINUTES: active(minutes, '60', 'Life of an account recovery token.'),
  APP_API_ACCOUNT_CREATION_TOKEN_RETRY_MINUTES: active(
    wholeNumber(1, 525_600),
    '60',
    'Minutes in which a device gets three tokens of a kind by push at most.',
  ),
  APP_PROVISIONING_TOKEN_EXPIRATION_MINUTES: active(minutes, '0', 'Life of a provisioning token.'),
  APP_RESET_PASSWORD_EMAIL_TOKEN_EXPIRATION_MINUTES: active(minutes, '1440', 'Life of a link that resets a password.'),
  APP_EMAIL_CHANGE_CODE_EXPIRATION_MINUTES: active(minutes, '10', 'Life of a code that confirms an e-mail address.'),
  APP_PHONE_CHANGE_CODE_EXPIRATION_MINUTES: active(minutes, '10', 'Life of a code that confirms a phone number.'),
  APP_RECOVERY_CODE_EXPIRATION_MINUTES: active(minutes, '10', 'Life of a code that recovers an account.'),
  WIZARD_LINK_EXPIRATION_MINUTES: active(minutes, '10080', 'Life of a link that opens the app.'),
  CODE_DIGITS: active(wholeNumber(4, 8), '4', 'Digits of those codes; Linphone apps have room for four.'),
  PUSH_RESEND_SECONDS: active(
    wholeNumber(0, 86_400),
    '60',
    'Seconds in which a device gets no second token by push while the first is unused; 0: none.',
  ),
  PUSH_TOKEN_POLICY: active(
    choice(['documented', 'reference']),
    'documented',
    'Refuses a second token by push as the API documents it (403) or as the reference does (429).',
  ),
}

const provisioning = {
  ACCOUNT_PROVISIONING_RC_FILE: active(
    path,
    null,
    'INI file with the base document of Spaces that have no entries of their own.',
  ),
  ACCOUNT_PROVISIONING_OVERWRITE_ALL: active(
    flag,
    'false',
    'Whether entries of that file replace values that a client has.',
  ),
  PROVISIONING_EXTERNAL_ACCOUNT: active(flag, 'true', 'Puts the external account of an account into its document.'),
  PROVISIONING_HEADER_REQUIRED_DEFAULT: active(
    flag,
    'false',
    'Whether a new Space answers only requests that carry `X-Linphone-Provisioning`.',
  ),
}

const compatibility = {
  LEGACY_API: active(flag, 'true', 'Offers the endpoints of the 2021 API as well.'),
  LEGACY_PROVISIONING_FALLBACK: active(
    flag,
    'false',
    'Answers an unknown provisioning token with the base document, not 404.',
  ),
  PUBLIC_ACCOUNT_INFO: active(
    flag,
    'true',
    'Lets anybody ask whether a SIP address exists; false: DIGEST challenges unknown ones like the others.',
  ),
  REQUIRE_VALIDATED_ACCOUNT_FOR_CHANGES: active(
    flag,
    'true',
    'Lets an account that registered itself change its e-mail address or phone number over the API only after a creation token or a first code has vouched for it.',
  ),
}

const turn = {
  COTURN_SERVER_HOST: active(text, null, 'Host of the TURN server, with its port if it is not the usual one.'),
  COTURN_STATIC_AUTH_SECRET: active(secret(text), null, 'Secret shared with the TURN server.'),
  COTURN_SESSION_TTL_MINUTES: active(limit('minutes'), '1440', 'How long TURN credentials are good.'),
}

const redis = {
  REDIS_MODE: active(choice(['single', 'sentinel']), 'single', 'How the Redis of the SIP registrar is reached.'),
  REDIS_CLIENT: active(text, null, 'Name of the reference for `REDIS_MODE`: `phpredis` or `phpredis-sentinel`.'),
  REDIS_URL: active(
    secret(redisUrl),
    null,
    'Address of the Redis of the registrar, instead of host, port, password and database.',
  ),
  REDIS_HOST: active(text, null, 'Host of the Redis of the registrar; unset does without Redis.'),
  REDIS_PORT: active(wholeNumber(1, 65_535), '6379', 'Its port.'),
  REDIS_PASSWORD: active(secret(text), null, 'Its password.'),
  REDIS_DB: active(wholeNumber(0, 65_535), '0', 'Its database number.'),
  REDIS_PREFIX: active(text, null, 'Text before each of its keys; the registrar of Flexisip has none.'),
  REDIS_SENTINEL_HOST: active(text, '127.0.0.1', 'Host of the sentinel.'),
  REDIS_SENTINEL_PORT: active(wholeNumber(1, 65_535), '26379', 'Port of the sentinel.'),
  REDIS_SENTINEL_SERVICE: active(text, 'mymaster', 'Name under which the sentinel knows the Redis.'),
  REDIS_SENTINEL_PASSWORD: active(secret(text), null, 'Password of the sentinel.'),
}

const flexisip = {
  APP_LINPHONE_DAEMON_UNIX_PATH: active(
    absoluteFile,
    null,
    'Socket of a linphone-daemon; unset does without the message endpoint.',
  ),
  FLEXISIP_CLI_SOCKET: active(
    absoluteFile,
    null,
    'Socket of `flexisip_cli`: Flexisip forgets a password at once when it changes, and one of an account that is closed.',
  ),
}

const mail = {
  MAIL_DRIVER: active(
    choice(['smtp', 'sendmail', 'log', 'file', 'null'], { array: 'null' }),
    'smtp',
    'How mails leave; `log`, `file` and `null` send nothing.',
  ),
  MAIL_HOST: active(text, null, 'SMTP server; unset sends no mail.'),
  MAIL_PORT: active(wholeNumber(1, 65_535), '587', 'Its port.'),
  MAIL_ENCRYPTION: active(
    choice(['auto', 'starttls', 'tls', 'none'], { ssl: 'tls' }),
    'auto',
    'STARTTLS when offered (a password never leaves for a public address without it; port 465 is TLS), STARTTLS or nothing, TLS from the first byte, or no encryption.',
  ),
  MAIL_USERNAME: active(text, null, 'User name at the SMTP server.'),
  MAIL_PASSWORD: active(secret(text), null, 'Password at the SMTP server.'),
  MAIL_VERIFY_PEER: active(flag, 'true', 'Whether the certificate of the SMTP server is checked.'),
  MAIL_VERIFY_PEER_NAME: active(flag, 'true', 'Whether its name must be the one of the server.'),
  MAIL_ALLOW_SELF_SIGNED: active(flag, 'false', 'Whether it may be signed by itself.'),
  MAIL_FROM_ADDRESS: active(email, null, 'Sender of mails; needed before the first one leaves.'),
  MAIL_FROM_NAME: active(text, null, 'Name of the sender; unset is `APP_NAME`.'),
  MAIL_SIGNATURE: active(text, null, 'Last lines of each mail.'),
  MAIL_APP_DOWNLOAD_URL: active(
    url,
    null,
    'Where to get the app, in the foot of each mail, and on pages that open it in place of the stores that have Linphone.',
  ),
  MAIL_HELP_URL: active(url, null, 'Where to get help, in the foot of each mail.'),
  MAIL_WORKERS: active(wholeNumber(1, 32), '2', 'Messages that are sent at the same time to one server.'),
  MAIL_SPACE_HOSTS_ALLOW: active(
    list(hostOrNetwork, { separator: blanks, named: 'hosts and networks separated by commas' }),
    '',
    'SMTP servers that Spaces may use although their address is not public.',
  ),
  TEMPLATES_PATH: active(path, null, 'Directory with mail templates of your own.'),
}

const sms = {
  SMS_PROVIDER: active(
    list(choice(['none', 'log', 'http', 'ovh', 'twilio', 'command']), {
      separator: blanks,
      named: 'none, log, http, ovh, twilio or command, or several in the order in which they are tried',
    }),
    'none',
    'Who sends SMS; unset is `ovh` when `OVH_APP_KEY` is set.',
  ),
  SMS_HTTP_URL: active(secret(url), null, 'Gateway that gets each SMS as an HTTP request.'),
  SMS_HTTP_METHOD: active(choice(['POST', 'PUT', 'GET']), 'POST', 'Method of that request.'),
  SMS_HTTP_HEADERS: active(
    list(header, { separator: /[\n|]/, named: 'headers written "Name: value", separated by |' }),
    '',
    'Headers of that request.',
  ),
  SMS_HTTP_BODY: active(
    smsBody,
    null,
    'Its body with `{{to}}`, `{{text}}`, `{{id}}`, `{{kind}}`, `{{space}}`, as JSON or as a form; unset is `to` and `text`. A GET has it as query.',
  ),
  SMS_HTTP_SECRET: active(secret(text), null, 'Key of the HMAC-SHA256 of that body, in hex, in `X-Signature`.'),
  SMS_HTTP_OK: active(
    list(wholeNumber(100, 599), { separator: blanks, named: 'HTTP statuses separated by commas' }),
    null,
    'Statuses that mean accepted; unset is each from 200 to 299.',
  ),
  SMS_COMMAND: active(
    absoluteFile,
    null,
    'Program that gets each number as its argument and the text on standard input: 0 accepts, 75 asks to come again, anything else refuses.',
  ),
  SMS_TWILIO_URL: active(url, 'https://api.twilio.com', 'Gateway that speaks the API of Twilio.'),
  SMS_TWILIO_ACCOUNT: active(text, null, 'Account at that gateway.'),
  SMS_TWILIO_TOKEN: active(secret(text), null, 'Its token.'),
  SMS_TWILIO_FROM: active(text, null, 'Number or messaging service that sends.'),
  OVH_APP_KEY: active(secret(text), null, 'Application key at OVH.'),
  OVH_APP_SECRET: active(secret(text), null, 'Application secret at OVH.'),
  OVH_APP_CONSUMER_KEY: active(secret(text), null, 'Consumer key at OVH.'),
  OVH_APP_ENDPOINT: active(ovhEndpoint, 'ovh-eu', 'The OVH API: `ovh-eu`, `ovh-ca`, or its address.'),
  OVH_APP_SENDER: active(text, null, 'Sender of the SMS.'),
  OVH_SMS_SERVICE: active(text, null, 'Name of the SMS service at OVH; unset takes the first.'),
  SMS_FORCE_LOCALE: active(choice(LANGUAGES), null, 'Language of every SMS, for carriers with registered texts.'),
  SMS_TEMPLATE: active(
    smsTemplate(['APP_NAME', 'CODE']),
    null,
    'Text of every SMS in place of ours: `#CODE#`, and `#APP_NAME#` for the name of the Space.',
  ),
  SMS_TEMPLATE_EXPIRING: active(
    smsTemplate(['APP_NAME', 'CODE', 'CODE_MINUTES']),
    null,
    'The same for a code that expires, with `#CODE_MINUTES#`; unset is `SMS_TEMPLATE`.',
  ),
  SMS_LIMIT_NUMBER_MINUTE: active(limit('SMS'), '1', 'SMS to one number a minute.'),
  SMS_LIMIT_NUMBER_HOUR: active(limit('SMS'), '3', 'SMS to one number an hour.'),
  SMS_LIMIT_NUMBER_DAY: active(limit('SMS'), '6', 'SMS to one number a day.'),
  SMS_LIMIT_IP_HOUR: active(limit('SMS'), '5', 'SMS that one address causes an hour.'),
  SMS_LIMIT_SPACE_DAY: active(limit('SMS'), '500', 'SMS that one Space sends a day.'),
  SMS_LIMIT_PREFIX_HOUR: active(limit('SMS'), '100', 'SMS to one calling code an hour.'),
  SMS_MIN_CONFIRM_RATIO: active(
    ratio,
    '0.1',
    'Confirmed share of the last 50 codes below which a calling code is stopped but for a trial every ten minutes; 0 stops none.',
  ),
}

const captcha = {
  CAPTCHA_PROVIDER: active(
    choice(['none', 'hcaptcha', 'pow']),
    'none',
    'What public forms ask for; unset is `hcaptcha` when both of its keys are set.',
  ),
  HCAPTCHA_ENABLED: active(
    flag,
    'true',
    'Name of the reference: false does without hCaptcha although its keys are set.',
  ),
  HCAPTCHA_SITEKEY: active(text, null, 'Site key at hCaptcha.'),
  HCAPTCHA_SECRET: active(secret(text), null, 'Secret at hCaptcha.'),
  HCAPTCHA_VERIFY_URL: active(url, 'https://api.hcaptcha.com/siteverify', 'Where answers to hCaptcha are checked.'),
}

const webhooks = {
  WEBHOOKS_ALLOW_LOCAL: active(
    flag,
    'false',
    'Lets webhooks go to this machine, to 127.0.0.0/8 and ::1 also by http://.',
  ),
}

/** `team:key:/path`. */
const apnsKey: Kind<{ readonly team: string; readonly id: string; readonly file: string }> = {
  expected: 'team:key:/absolute/path, the two ids as Apple writes them',
  secret: false,
  parse: (written) => {
    const parts = /^([A-Z0-9]{10}):([A-Z0-9]{10}):(\/.+)$/.exec(written)
    return parts === null ? undefined : { team: parts[1] ?? '', id: parts[2] ?? '', file: parts[3] ?? '' }
  },
}

const appleId: Kind<string> = {
  expected: 'ten capital letters and digits',
  secret: false,
  parse: (written) => (/^[A-Z0-9]{10}$/.test(written) ? written : undefined),
}

/** `/path`, or `alias:/path`. */
const fcmAccount: Kind<{ readonly file: string; readonly alias: string | null }> = {
  expected: '/absolute/path or number:/absolute/path',
  secret: false,
  parse: (written) => {
    const parts = /^(?:([\w.-]+):)?(\/.+)$/.exec(written)
    return parts === null ? undefined : { file: parts[2] ?? '', alias: parts[1] ?? null }
  },
}

const push = {
  APP_FLEXISIP_PUSHER_PATH: active(
    absoluteFile,
    null,
    'Program that sends every push notification, in place of APNs and FCM below; without any of them push requests are answered with 503.',
  ),
  APP_FLEXISIP_PUSHER_FIREBASE_KEYSMAP: active(
    list(firebaseKey, { separator: blanks, named: 'project:key pairs separated by blanks' }),
    '',
    'Firebase key of each project, handed to that program.',
  ),
  PUSH_MAX_IN_FLIGHT: active(
    wholeNumber(1, 10_000),
    '64',
    'Push notifications that may be on their way at once; more are answered with 503.',
  ),
  APNS_KEY_FILE: active(path, null, 'Key of Apple for push notifications, `AuthKey_….p8`.'),
  APNS_KEY_ID: active(appleId, null, 'Id of that key.'),
  APNS_TEAM_ID: active(appleId, null, 'Team at Apple that the key belongs to.'),
  APNS_KEYS: active(
    list(apnsKey, { separator: blanks, named: 'keys written team:key:/path/AuthKey.p8, separated by commas' }),
    '',
    'Keys of further teams at Apple; `pn_param` says which team an app belongs to.',
  ),
  APNS_CERT_FILE: active(path, null, 'Push certificate of one app in PEM, for apps whose team has no key.'),
  APNS_CERT_KEY_FILE: active(path, null, 'Its private key in PEM; unset is the file of the certificate.'),
  FCM_SERVICE_ACCOUNT_FILES: active(
    list(fcmAccount, {
      separator: blanks,
      named: 'paths of JSON files separated by commas, each optionally as number:/path with the number of the project',
    }),
    '',
    'Service accounts at Google, one for each Firebase project; `pn_param` says which project is meant.',
  ),
  APNS_ENDPOINT: active(address, null, 'For tests: host and port that stand in for APNs.'),
  FCM_ENDPOINT: active(address, null, 'For tests: host and port that stand in for FCM.'),
  PUSH_CA_FILE: active(path, null, 'For tests: certificates in PEM that the two hosts above are checked with.'),
}

const jobs = {
  JOBS: active(flag, 'true', 'Runs the periodic jobs inside `serve`.'),
  FILES_RETENTION_DAYS: active(days, '7', 'How long voicemails are kept after they were left.'),
  TOMBSTONES_RETENTION_DAYS: active(days, '7', 'How long the name of a deleted account stays taken.'),
  UNCONFIRMED_RETENTION_DAYS: active(days, '30', 'How long an account that was never confirmed is kept.'),
  STATISTICS_RETENTION_DAYS: active(days, '400', 'How long statistics of calls and messages are kept.'),
  AUDIT_RETENTION_DAYS: active(
    days,
    '90',
    'How long rows of the audit log are kept; what is cut leaves a signed stump.',
  ),
  AUDIT_RETENTION_SPACES: active(
    list(daysOfSpace, {
      separator: blanks,
      named: 'SIP domains and days such as sip.example.org=365, separated by commas',
    }),
    '',
    'For how many days those of single Spaces are, by their SIP domains: `sip.example.org=365, sip.other.org=30`.',
  ),
  AUDIT_ERASE: active(
    flag,
    'false',
    'Takes an account that was deleted out of the audit log: its rows keep its number alone, and the chain holds.',
  ),
  TOKENS_RETENTION_DAYS: active(days, '30', 'How long spent and expired tokens and codes are kept.'),
  APP_SHOW_LOGIN_COUNTER_TEMP: active(flag, 'false', 'Shows the number of accounts beside the login form.'),
}

/** In the order of docs/configuration.md. */
export const groups = {
  Server: server,
  Storage: storage,
  Application: application,
  Logging: logging,
  'Authentication and limits': authentication,
  Accounts: accounts,
  'Tokens and codes': tokens,
  Provisioning: provisioning,
  Compatibility: compatibility,
  TURN: turn,
  Redis: redis,
  Flexisip: flexisip,
  Mail: mail,
  SMS: sms,
  Captcha: captcha,
  Push: push,
  Webhooks: webhooks,
  'Jobs and retention': jobs,
}

export const settings = {
  ...server,
  ...storage,
  ...application,
  ...logging,
  ...authentication,
  ...accounts,
  ...tokens,
  ...provisioning,
  ...compatibility,
  ...turn,
  ...redis,
  ...flexisip,
  ...mail,
  ...sms,
  ...captcha,
  ...push,
  ...webhooks,
  ...jobs,
}

export type SettingName = keyof typeof settings

export type Config = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer Value> ? Value : never
}

export const settingNames = Object.keys(settings) as readonly SettingName[]
