import type { DatabaseLocation } from '../config/database-location.ts'
import type { PasswordAlgorithm } from '../nouns/space.ts'

/** What an account of the Space is asked for. Both are made of letters, digits, dots and hyphens. */
export interface SipDomain {
  readonly domain: string
  readonly realm: string
}

export interface KamailioWishes {
  readonly spaces: readonly SipDomain[]
  /** Of the challenges: Kamailio asks everybody for the same. */
  readonly algorithm: PasswordAlgorithm
  /** As Kamailio reaches it. */
  readonly database: DatabaseLocation
  /** `udp:0.0.0.0:5060` and others. */
  readonly listen: readonly string[]
  /** As phones see it, behind a router or a container's network. */
  readonly externalAddress: string | null
  /** Files in PEM, for addresses that begin with `tls:`. */
  readonly tls: { readonly certificate: string; readonly key: string } | null
}

const MODULES = [
  ...['kex', 'corex', 'tm', 'tmx', 'sl', 'rr', 'pv', 'maxfwd', 'textops', 'siputils', 'sanity', 'nathelper'],
  ...['usrloc', 'registrar', 'auth', 'sqlops'],
]

/** A name of the request in SQL: in hexadecimal nothing of it can be taken for anything but a text. */
const FROM_USER = {
  sqlite: "cast(x'$(fU{s.encode.hexa})' as text)",
  postgres: "convert_from(decode('$(fU{s.encode.hexa})', 'hex'), 'UTF8')",
} as const

const databaseLines = (database: DatabaseLocation): string[] =>
  database.kind === 'postgres'
    ? ['loadmodule "db_postgres.so"', `modparam("sqlops", "sqlcon", "accounts=>${database.url}")`]
    : [
        'loadmodule "db_sqlite.so"',
        `modparam("db_sqlite", "db_set_readonly", "${database.file}")`,
        `modparam("sqlops", "sqlcon", "accounts=>sqlite:///${database.file}")`,
      ]

const tlsLines = ({ tls }: KamailioWishes): string[] =>
  tls === null
    ? []
    : [
        'loadmodule "tls.so"',
        'modparam("tls", "tls_method", "TLSv1.2+")',
        `modparam("tls", "certificate", "${tls.certificate}")`,
        `modparam("tls", "private_key", "${tls.key}")`,
      ]

/** What phones are told in place of an address of this machine. */
const advertised = ({ externalAddress }: KamailioWishes, address: string): string =>
  externalAddress === null ? '' : ` advertise ${externalAddress}:${address.slice(address.lastIndexOf(':') + 1)}`

/** A branch for each Space: its name in lower case selects its realm. */
const realms = (spaces: readonly SipDomain[]): string =>
  spaces
    .map(
      ({ domain, realm }, index) =>
        `    ${index === 0 ? '' : 'else '}if ($var(domain) == "${domain}") $var(realm) = "${realm}";`,
    )
    .join('\n')

/**
 * A whole configuration for Kamailio 5.6: phones of the Spaces register and call each other, everybody else is refused.
 * It reads the view `sip_credentials` (behaviour/data.md §1.4).
 */
export const kamailioConfiguration = (wishes: KamailioWishes): string => {
  const { spaces, algorithm, database, listen } = wishes
  const column = algorithm === 'MD5' ? 'ha1_md5' : 'ha1_sha256'
  return `#!KAMAILIO
# Accounts come from the view sip_credentials of sipkeeper. Print this again after a Space was made or removed.
debug=2
log_stderror=no
children=4
server_header="Server: sip"
user_agent_header="User-Agent: sip"
auto_aliases=no
# A phone stays reachable over the connection by which it has registered.
tcp_connection_lifetime=3605
${[
  ...(wishes.tls === null ? [] : ['enable_tls=yes']),
  ...listen.map((address) => `listen=${address}${advertised(wishes, address)}`),
  ...spaces.map(({ domain }) => `alias="${domain}"`),
].join('\n')}

${MODULES.map((name) => `loadmodule "${name}.so"`).join('\n')}
${[...databaseLines(database), ...tlsLines(wishes)].join('\n')}
modparam("rr", "enable_full_lr", 1)
modparam("usrloc", "use_domain", 1)
modparam("registrar", "max_expires", 3600)
modparam("registrar", "max_contacts", 10)
modparam("nathelper|registrar", "received_avp", "$avp(RECEIVED)")
modparam("auth", "algorithm", "${algorithm}")

request_route {
    if (!mf_process_maxfwd_header("10")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (!sanity_check("17895", "7")) exit;
    force_rport();

    if (is_method("CANCEL")) {
        if (t_check_trans()) route(RELAY);
        exit;
    }
    # Of a call that stands already.
    if (has_totag()) {
        if (loose_route()) {
            handle_ruri_alias();
            route(RELAY);
        } else if (is_method("ACK")) {
            if (t_check_trans()) route(RELAY);
        } else {
            sl_send_reply("404", "Not Here");
        }
        exit;
    }
    if (is_method("ACK")) exit;
    if (is_method("OPTIONS") && uri == myself && $rU == $null) {
        sl_send_reply("200", "OK");
        exit;
    }
    t_check_trans();
    # Nobody else says which way a call goes.
    remove_hf("Route");

    route(AUTH);

    if (is_method("REGISTER")) {
        if (nat_uac_test("19")) fix_nated_register();
        if (!save("location")) sl_reply_error();
        exit;
    }
    if (is_method("PUBLISH")) {
        sl_send_reply("405", "Method Not Allowed");
        exit;
    }
    # Spaces of this server call each other, and nobody beyond.
    if (uri != myself || $rU == $null) {
        sl_send_reply("403", "Not Relaying");
        exit;
    }
    if (nat_uac_test("19")) set_contact_alias();
    record_route();
    if (!lookup("location")) {
        sl_send_reply("480", "Temporarily Unavailable");
        exit;
    }
    route(RELAY);
}

route[RELAY] {
    if (!t_relay()) sl_reply_error();
    exit;
}

# Goes on only for an account that may make calls.
route[AUTH] {
    $var(domain) = $(fd{s.tolower});
    $var(realm) = "";
${realms(spaces)}
    if ($var(realm) == "" || $fU == $null || $(fU{s.len}) > 64) {
        sl_send_reply("403", "Forbidden");
        exit;
    }
    # Nobody registers for somebody else.
    if (is_method("REGISTER") && ($tU != $fU || $(td{s.tolower}) != $var(domain))) {
        sl_send_reply("403", "Forbidden");
        exit;
    }
    if (!has_credentials("$var(realm)")) {
        auth_challenge("$var(realm)", "1");
        exit;
    }
    # The user name goes into SQL in hexadecimal: whatever it is, it is a text there.
    $var(ha1) = "";
    sql_pvquery("accounts", "select ${column} from sip_credentials
        where username = ${FROM_USER[database.kind]} and domain = '$var(domain)'
        and enabled and ${column} is not null", "$var(ha1)");
    # 1: a row was found. Without it the variable may still hold somebody else's.
    if ($rc != 1 || $var(ha1) == "" || !pv_auth_check("$var(realm)", "$var(ha1)", "1", "1")) {
        auth_challenge("$var(realm)", "1");
        exit;
    }
    consume_credentials();
}

# Where a phone behind a router is reached again.
onreply_route {
    if (nat_uac_test("1")) set_contact_alias();
}
`
}
