/** Tables of the account manager that people move from, as behaviour/data.md and its sources describe them. */

export type Version = 'RH' | 'R26' | 'R23'
export type Dialect = 'mysql' | 'postgres' | 'sqlite'

/** `name type [null]`: id32, id64, ref32, ref64, strN, text, bool, int, tiny, datetime. */
type Table = readonly string[]

const STAMPS = ['created_at datetime null', 'updated_at datetime null']
const ACCOUNT = ['account_id ref32']
const MAYBE_ACCOUNT = ['account_id ref32 null']
const DEVICE = ['pn_provider str255 null', 'pn_param str255 null', 'pn_prid str255 null']
const ORIGIN = ['ip str39 null', 'user_agent str256 null']
const DIGEST = ['password str255', 'algorithm str10 =MD5']

const accounts = (version: Version): Table => [
  'id id32',
  'username str64',
  'domain str64',
  'email str64 null',
  'activated bool =0',
  'ip_address str39',
  'user_agent str256',
  'created_at datetime',
  'expire_time datetime null',
  'display_name str255 null',
  'dtmf_protocol str255 null',
  'updated_at datetime null',
  ...(version === 'R23' ? ['confirmation_key str14 null'] : ['blocked bool =0', 'admin bool =0', 'phone str64 null']),
]

const SWITCHES = [
  'disable_chat_feature',
  'disable_meetings_feature',
  'hide_settings',
  'hide_account_settings',
  'disable_call_recordings_feature',
  'only_display_sip_uri_username',
  'assistant_hide_create_account',
  'assistant_disable_qr_code',
  'assistant_hide_third_party_account',
  'intercom_features',
  'carddav_user_credentials',
  'client_certificate_authentication',
]

const spaces = (version: Version): Table => [
  'id id64',
  'domain str64',
  'host str255',
  'name str255',
  'super bool =0',
  'max_accounts int =0',
  'max_account int =0',
  'expire_at datetime null',
  'account_proxy_registrar_address str255 null',
  'custom_provisioning_entries text null',
  'custom_provisioning_overwrite_all bool =0',
  'disable_broadcast_feature bool =1',
  ...SWITCHES.map((name) => `${name} bool =0`),
  'web_panel bool =1',
  'public_registration bool =1',
  'phone_registration bool =1',
  'newsletter_registration_address str255 null',
  'copyright_text text null',
  'intro_registration_text text null',
  ...(version === 'RH'
    ? ['unique_email bool =1', 'theme_hue int null', 'logo str255 null']
    : ['account_realm str255 null', 'provisioning_use_linphone_provisioning_header bool =1']),
  ...STAMPS,
]

const common = (version: Version): Record<string, Table> => ({
  accounts: accounts(version),
  passwords: ['id id32', ...ACCOUNT, ...DIGEST],
  accounts_tombstones: ['id id64', 'username str64', 'domain str64', ...STAMPS],
  api_keys: [
    'id id32',
    ...ACCOUNT,
    'key str160',
    'last_used_at datetime',
    ...(version === 'R23'
      ? []
      : ['ip str39 null', 'requests int =0', 'name str255 null', 'expires_after_last_used_minutes int null']),
    ...STAMPS,
  ],
  account_creation_tokens: [
    'id id64',
    'token str16',
    ...DEVICE,
    'used bool =0',
    ...MAYBE_ACCOUNT,
    ...ORIGIN,
    ...STAMPS,
  ],
  contacts: [...ACCOUNT, 'contact_id ref32', ...STAMPS],
  account_types: ['id id64', 'key str64', ...STAMPS],
  account_account_type: [...ACCOUNT, 'account_type_id ref64', ...STAMPS],
  account_actions: ['id id64', ...ACCOUNT, 'key str255', 'code str255', ...STAMPS],
  provisioning_tokens: ['id id64', ...ACCOUNT, 'token str16 null', 'used bool =0', ...ORIGIN, ...STAMPS],
  phone_change_codes: ['id id64', ...ACCOUNT, 'code str255 null', 'phone str255', ...ORIGIN, ...STAMPS],
  email_change_codes: ['id id64', ...ACCOUNT, 'code str255 null', 'email str255', ...ORIGIN, ...STAMPS],
  auth_tokens: ['id id64', ...MAYBE_ACCOUNT, 'token str32', ...ORIGIN, ...STAMPS],
})

const old: Record<string, Table> = {
  ...common('R23'),
  aliases: ['id id32', ...ACCOUNT, 'alias str64', 'domain str64'],
  admins: ['id id32', ...ACCOUNT, ...STAMPS],
  activation_expirations: ['id id32', ...ACCOUNT, 'expires datetime'],
  nonces: ['id id32', ...ACCOUNT, 'nonce str255', 'nc int =0', ...STAMPS],
}

const recent = (version: Version): Record<string, Table> => ({
  spaces: spaces(version),
  ...common(version),
  account_creation_request_tokens: [
    'id id64',
    'token str16',
    'used bool =0',
    'validated_at datetime null',
    'acc_creation_token_id ref64 null',
    ...ORIGIN,
    ...STAMPS,
  ],
  account_recovery_tokens: [
    'id id64',
    'token str16',
    ...DEVICE,
    'used bool =0',
    ...MAYBE_ACCOUNT,
    ...ORIGIN,
    ...STAMPS,
  ],
  recovery_codes: [
    'id id64',
    ...ACCOUNT,
    'code str255 null',
    'phone str255 null',
    'email str255 null',
    ...ORIGIN,
    ...STAMPS,
  ],
  reset_password_email_tokens: [
    'id id64',
    ...ACCOUNT,
    'token str16',
    'used bool =0',
    'email str255',
    ...ORIGIN,
    ...STAMPS,
  ],
  account_dictionary_entries: ['id id64', 'key str255', 'value str255', ...ACCOUNT, ...STAMPS],
  external_accounts: [
    'id id64',
    'username str64',
    'domain str64',
    ...DIGEST,
    'realm str64 null',
    'registrar str64 null',
    'outbound_proxy str64 null',
    'protocol str4 =UDP',
    ...MAYBE_ACCOUNT,
    ...STAMPS,
  ],
  account_carddav_credentials: [
    'username str64',
    ...DIGEST,
    'realm str255',
    'space_carddav_server_id ref64',
    ...ACCOUNT,
    ...STAMPS,
  ],
  contacts_lists: ['id id64', 'title str255', 'description text null', 'space_id ref64', ...STAMPS],
  contacts_list_contact: ['contacts_list_id ref64', 'contact_id ref32', ...STAMPS],
  account_contacts_list: [...ACCOUNT, 'contacts_list_id ref64', ...STAMPS],
  vcards_storage: ['id id64', 'uuid str45', 'vcard text', ...ACCOUNT, ...STAMPS],
  phone_countries: ['code str2', 'country_code str3', 'activated bool =0', ...STAMPS],
  space_email_servers: [
    'id id64',
    'host str64',
    'port int',
    'username str128 null',
    'password str255 null',
    'from_address str128 null',
    'from_name str128 null',
    'signature str256 null',
    'space_id ref64',
    ...STAMPS,
  ],
  space_carddav_servers: [
    'id id64',
    'enabled bool =1',
    'uri str255',
    'min_characters int =3',
    'results_limit int =0',
    'timeout int =5',
    'delay int =500',
    'fields_for_user_input str255 null',
    'fields_for_domain str255 null',
    'use_exact_match_policy bool =0',
    'space_id ref64',
    ...STAMPS,
  ],
  account_files: [
    'id str36',
    ...MAYBE_ACCOUNT,
    'name str255 null',
    'size int null',
    'content_type str255',
    'sip_from text null',
    'uploaded_at datetime null',
    'sending_by_mail_at datetime null',
    'sending_by_mail_tryouts int =0',
    'sent_by_mail_at datetime null',
    ...STAMPS,
  ],
  statistics_messages: [
    'id str64',
    'from_username str256',
    'from_domain str256',
    'sent_at datetime',
    'encrypted bool =0',
    'conference_id str255 null',
    ...STAMPS,
  ],
  statistics_message_devices: [
    'id id64',
    'message_id str64',
    'to_username str256',
    'to_domain str256',
    'device_id str64',
    'last_status int',
    'received_at datetime',
    ...STAMPS,
  ],
  statistics_calls: [
    'id str64',
    'from_username str256',
    'from_domain str256',
    'to_username str256',
    'to_domain str256',
    'initiated_at datetime',
    'ended_at datetime null',
    'conference_id str255 null',
    ...STAMPS,
  ],
  statistics_call_devices: [
    'id id64',
    'call_id str64',
    'device_id str64',
    'rang_at datetime null',
    'invite_terminated_at datetime null',
    'invite_terminated_state str255 null',
    ...STAMPS,
  ],
  ...(version === 'RH' ? newest : { nonces: ['id id32', ...ACCOUNT, 'nonce str255', 'nc int =0', ...STAMPS] }),
})

const newest: Record<string, Table> = {
  opaques: ['id id32', ...ACCOUNT, 'nonce str255', 'nc int =0', 'ip str39 null', 'opaque str64', ...STAMPS],
  space_digest_authentication_configurations: [
    'id id64',
    'realm str255 null',
    'default_password_algorithm str10 =SHA-256',
    'space_id ref64',
    ...STAMPS,
  ],
  space_oidc_authentication_configurations: [
    'id id64',
    'server_url str255',
    'realm str255 null',
    'sip_identifier str255 =sip_identity',
    'client_id str255 null',
    'client_secret str255 null',
    'space_id ref64',
    ...STAMPS,
  ],
  call_forwardings: [
    'id id64',
    ...MAYBE_ACCOUNT,
    'type str255',
    'forward_to str255',
    'sip_uri str255 null',
    'enabled bool =0',
    'contact_id ref32 null',
    ...STAMPS,
  ],
  wizards: [
    'token str8',
    ...ACCOUNT,
    'provisioning_account_id ref32 null',
    'sip str255 null',
    'linphone_action str255 null',
    'linphone_use_sips bool null',
    'used_at datetime null',
    ...STAMPS,
  ],
}

export const referenceTables = (version: Version): Readonly<Record<string, Table>> =>
  version === 'R23' ? old : recent(version)

/** What is unique, and how: MySQL compares without regard to case. */
const UNIQUE: Readonly<Record<string, readonly string[]>> = {
  accounts: ['username,domain'],
  passwords: ['account_id,algorithm'],
  accounts_tombstones: ['username,domain'],
  contacts: ['account_id,contact_id'],
  account_dictionary_entries: ['account_id,key'],
  external_accounts: ['username,domain'],
  vcards_storage: ['account_id,uuid'],
  call_forwardings: ['account_id,type'],
}
const INDEXED = ['account_id', 'contact_id', 'call_id', 'message_id', 'space_id']

const typeIn = (dialect: Dialect, type: string): string => {
  const length = /\d+$/.exec(type)?.[0]
  if (type.startsWith('str')) return `varchar(${length})`
  if (type === 'text') return dialect === 'mysql' ? 'longtext' : 'text'
  if (type === 'bool') return dialect === 'postgres' ? 'boolean' : 'tinyint(1)'
  if (type === 'datetime') return dialect === 'postgres' ? 'timestamp(0) without time zone' : 'datetime'
  const wide = length === '64' ? 'bigint' : 'int'
  if (type.startsWith('ref')) return dialect === 'mysql' ? `${wide} unsigned` : wide
  if (!type.startsWith('id')) return 'int'
  if (dialect === 'mysql') return `${wide} unsigned not null auto_increment primary key`
  return dialect === 'sqlite' ? 'integer primary key autoincrement' : `${wide} primary key`
}

/** Statements that make the tables of a version, each ending with `;` and a line break. */
export const referenceSchema = (version: Version, dialect: Dialect, collation = 'utf8mb4_unicode_ci'): string => {
  const quote = (name: string) => (dialect === 'mysql' ? `\`${name}\`` : `"${name}"`)
  return Object.entries(referenceTables(version))
    .map(([table, columns]) => {
      const lines = columns.map((column) => {
        const [name = '', type = '', ...more] = column.split(' ')
        const fallback = more.find((one) => one.startsWith('='))?.slice(1)
        const value = type === 'bool' && dialect === 'postgres' ? String(fallback === '1') : `'${fallback}'`
        const isNull = more.includes('null') || type.startsWith('id')
        const rest = `${isNull ? '' : ' not null'}${fallback === undefined ? '' : ` default ${value}`}`
        return `  ${quote(name)} ${typeIn(dialect, type)}${rest}`
      })
      const names = columns.map((column) => column.split(' ')[0] ?? '')
      if (dialect === 'mysql') {
        for (const name of names.filter((one) => INDEXED.includes(one))) lines.push(`  key (${quote(name)})`)
      }
      for (const unique of UNIQUE[table] ?? []) lines.push(`  unique (${unique.split(',').map(quote).join(', ')})`)
      if (!columns[0]?.includes(' id') && /^(id|code|token) /.test(columns[0] ?? ''))
        lines.push(`  unique (${quote(names[0] ?? '')})`)
      const end = dialect === 'mysql' ? `) engine=InnoDB default charset=utf8mb4 collate=${collation}` : ')'
      return `create table ${quote(table)} (\n${lines.join(',\n')}\n${end};\n`
    })
    .join('')
}

/** An insert of rows, which are objects with one set of members. */
export const insertion = (table: string, rows: readonly Readonly<Record<string, unknown>>[], quote = '`'): string => {
  const names = Object.keys(rows[0] ?? {})
  const literal = (value: unknown) =>
    value === null || value === undefined
      ? 'null'
      : typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : `'${String(value).replaceAll("'", "''")}'`
  const list = rows.map((row) => `(${names.map((name) => literal(row[name])).join(', ')})`)
  const columns = names.map((name) => `${quote}${name}${quote}`).join(', ')
  return `insert into ${quote}${table}${quote} (${columns}) values\n${list.join(',\n')};\n`
}
