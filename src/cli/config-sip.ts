import type { DatabaseLocation } from '../config/database-location.ts'
import type { SipDomain } from './config-kamailio.ts'

/** `:id` and `:domain` are bound by Flexisip, which asks for the account of `From` (behaviour/data.md §2). */
export const FLEXISIP_PASSWORD =
  'select password, algorithm from passwords where account_id = (select id from accounts where username = :id and domain = :domain and activated and not blocked)'
const FLEXISIP_WITH_PHONE =
  'select username, domain from accounts where activated and not blocked and (username = :phone or phone = :phone)'
const FLEXISIP_WITH_PHONES =
  'select username, domain, phone from accounts where activated and not blocked and phone in (:phones)'

/** As the library that Flexisip uses names the parts of an address. */
const sociConnection = (url: string): string => {
  const { hostname, port, username, password, pathname } = new URL(url)
  const words = { dbname: pathname.slice(1), user: username, password, host: hostname, port: port || '5432' }
  return Object.entries(words)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${decodeURIComponent(value)}`)
    .join(' ')
}

const ownRealms = (spaces: readonly SipDomain[]): string =>
  spaces
    .filter(({ domain, realm }) => domain !== realm)
    .map(({ domain, realm }) => `# Passwords of ${domain} are hashed with the realm ${realm}.\n`)
    .join('')

/** What belongs into flexisip.conf. */
export const flexisipConfiguration = (
  spaces: readonly SipDomain[],
  database: DatabaseLocation,
): string => `# Printed by sipkeeper: print this again after a Space was made or removed.
#
# Where Flexisip also asks sipkeeper over HTTP (call forwarding, voicemails, statistics, pushes), it needs an API key that
# may do just that: sipkeeper api-keys:create flexisip --account ADMINISTRATOR --scope telephony
[module::Authentication]
enabled=true
${ownRealms(spaces)}auth-domains=${spaces.map(({ domain }) => domain).join(' ')}
db-implementation=soci
soci-backend=${database.kind === 'sqlite' ? 'sqlite3' : 'postgresql'}
soci-connection-string=${database.kind === 'sqlite' ? `db=${database.file}` : sociConnection(database.url)}
soci-password-request=${FLEXISIP_PASSWORD}
soci-user-with-phone-request=${FLEXISIP_WITH_PHONE}
soci-users-with-phones-request=${FLEXISIP_WITH_PHONES}
`

/**
 * Views for PJSIP's realtime tables, whose columns Asterisk names, and its files. ${'`'}sip_credentials${'`'} is the contract;
 * what is made of it here is the operator's.
 */
export const asteriskConfiguration = (
  database: DatabaseLocation,
): string => `; Printed by sipkeeper, for Asterisk 18 and newer with ODBC.
;
; 1. In the database, as its owner. Without the index Asterisk reads every account for each request. Before an upgrade
;    of sipkeeper drop the three views, and make them again after it.
;
;SQL create view asterisk_auths as select username || '@' || domain as id, 'md5' as auth_type, username, realm,
;SQL   ha1_md5 as md5_cred from sip_credentials where enabled and ha1_md5 is not null;
;SQL create view asterisk_aors as select username || '@' || domain as id, 10 as max_contacts, 3600 as maximum_expiration
;SQL   from sip_credentials where enabled;
;SQL create view asterisk_endpoints as select username || '@' || domain as id, username || '@' || domain as aors,
;SQL   username || '@' || domain as auth, 'from-phones' as context, 'all' as disallow, 'opus,alaw,ulaw' as allow,
;SQL   'no' as direct_media from sip_credentials where enabled;
;SQL create unique index asterisk_names on accounts (${database.kind === 'sqlite' ? "username || '@' || domain" : "(username || '@' || domain)"});
;
; 2. /etc/odbc.ini names the database${database.kind === 'sqlite' ? ` ${database.file}` : ''} as sipkeeper, for a user who may read these views only.
;
; 3. res_odbc.conf
[sipkeeper]
enabled=yes
dsn=sipkeeper
pre-connect=yes
;
; 4. extconfig.conf
[settings]
ps_auths=odbc,sipkeeper,asterisk_auths
ps_aors=odbc,sipkeeper,asterisk_aors
ps_endpoints=odbc,sipkeeper,asterisk_endpoints
;
; 5. sorcery.conf
[res_pjsip]
auth=realtime,ps_auths
aor=realtime,ps_aors
endpoint=realtime,ps_endpoints
;
; 6. pjsip.conf
[global]
type=global
endpoint_identifier_order=username
[transport-udp]
type=transport
protocol=udp
bind=0.0.0.0
`

/** A script for FreeSWITCH's mod_lua, which then finds its directory in the view. */
export const freeswitchConfiguration = (
  database: DatabaseLocation,
): string => `-- Printed by sipkeeper, for FreeSWITCH 1.10 with mod_lua.
-- 1. Keep this as scripts/sipkeeper.lua.
-- 2. In autoload_configs/lua.conf.xml:
--      <param name="xml-handler-script" value="sipkeeper.lua"/>
--      <param name="xml-handler-bindings" value="directory"/>
local user = params:getHeader("user") or ""
local domain = params:getHeader("domain") or ""
XML_STRING = '<document type="freeswitch/xml"><section name="result"><result status="not found"/></section></document>'
-- The names go into SQL and XML: nothing but what a name of ours is made of.
if #user <= 64 and #domain <= 255 and user:match("^[a-z0-9+_.-]+$") and domain:match("^[a-z0-9.-]+$") then
  local dbh = freeswitch.Dbh("${database.kind === 'sqlite' ? `sqlite://${database.file}` : `pgsql://hostaddr=${new URL(database.url).hostname} dbname=${new URL(database.url).pathname.slice(1)} user=${new URL(database.url).username} password=${new URL(database.url).password}`}")
  local question = "select ha1_md5 from sip_credentials where username = '" .. user ..
    "' and domain = '" .. domain .. "' and enabled and ha1_md5 is not null"
  dbh:query(question, function(row)
    XML_STRING = '<document type="freeswitch/xml"><section name="directory"><domain name="' .. domain ..
      '"><user id="' .. user .. '"><params><param name="a1-hash" value="' .. row.ha1_md5 ..
      '"/></params><variables><variable name="user_context" value="from-phones"/></variables></user></domain></section></document>'
  end)
  dbh:release()
end
`
