import type { Address } from '../config/kinds.ts'

/** A proxy with the certificate, in front of the server. */
export interface Front {
  /** Names that people and phones ask for. */
  readonly hosts: readonly string[]
  /** Where the server listens. */
  readonly upstream: Address
  /** Path under which it is mounted, without a slash at its end. */
  readonly basePath: string
  /** Addresses of this machine where the proxy listens, IPv6 ones in brackets; none: all of them. */
  readonly listen: readonly string[]
  /** HTTPS, and HTTP, which leads there. */
  readonly ports: { readonly https: number; readonly http: number }
  /** Files in PEM; HAProxy wants both in the first. */
  readonly certificate: string | null
  readonly key: string | null
  /** Longest body that any route takes. */
  readonly mostBytes: number
  /** What only a proxy may say, and a client must not. */
  readonly privateHeaders: readonly string[]
}

/** How long the server may take, which hears slow phones out. */
const PATIENCE_SECONDS = 300

const UNSPECIFIED: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** `127.0.0.1:8080`, as the proxy on the same machine reaches it. */
const upstreamHost = ({ host, port }: Address & { kind: 'tcp' }): string => {
  const reached = UNSPECIFIED[host] ?? host
  return `${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

const EVERYWHERE = ['0.0.0.0', '[::]']
const listening = ({ listen }: Front): readonly string[] => (listen.length === 0 ? EVERYWHERE : listen)

const portOf = (port: number, usual: number): string => (port === usual ? '' : `:${port}`)

/** Two `server` blocks, for the `http` block of nginx 1.18 and newer. */
export const nginxSite = (front: Front): string => {
  const { hosts, upstream, ports, certificate, key, mostBytes } = front
  const host = `$host${portOf(ports.https, 443)}`
  const address = upstream.kind === 'unix' ? `unix:${upstream.path}` : upstreamHost(upstream)
  const hidden = ['Forwarded', 'X-Forwarded-Port', ...front.privateHeaders]
  return `# Printed by sipkeeper: print this again after a Space was made or removed.
upstream sipkeeper {
    server ${address};
    keepalive 32;
}
server {
${listening(front)
  .map((on) => `    listen ${on}:${ports.http};`)
  .join('\n')}
    server_name ${hosts.join(' ')};
    location /.well-known/acme-challenge/ {
        root /var/www/html;
    }
    location / {
        return 308 https://${host}$request_uri;
    }
}
server {
${listening(front)
  .map((on) => `    listen ${on}:${ports.https} ssl http2;`)
  .join('\n')}
    server_name ${hosts.join(' ')};
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    client_max_body_size ${mostBytes};

    location ${front.basePath || '/'} {
        proxy_pass http://sipkeeper;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host ${host};
        # What a client says of these is thrown away.
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto https;
        proxy_set_header X-Forwarded-Host ${host};
${hidden.map((name) => `        proxy_set_header ${name} "";`).join('\n')}
        # Voicemails and long replies pass while they arrive.
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_read_timeout ${PATIENCE_SECONDS}s;
        proxy_send_timeout ${PATIENCE_SECONDS}s;
    }
}
`
}

/** A Caddyfile for Caddy 2.6 and newer, which gets certificates by itself where it is given none. */
export const caddyfile = (front: Front): string => {
  const { hosts, upstream, ports, certificate, key, mostBytes } = front
  const address = upstream.kind === 'unix' ? `unix/${upstream.path}` : upstreamHost(upstream)
  const isUsual = ports.https === 443 && ports.http === 80
  const bind = front.listen.length === 0 ? '' : `\tbind ${front.listen.join(' ')}\n`
  const leading = hosts.map(
    (host) => `http://${host} {\n${bind}\tredir https://${host}${portOf(ports.https, 443)}{uri} 308\n}\n`,
  )
  // Otherwise Caddy leads to the usual port, where it takes a router to be that translates.
  const global = isUsual ? '' : `{\n\thttp_port ${ports.http}\n\thttps_port ${ports.https}\n}\n${leading.join('')}`
  const hidden = ['Forwarded', 'X-Forwarded-Port', ...front.privateHeaders]
  const handler = front.basePath === '' ? '' : ` ${front.basePath}*`
  return `# Printed by sipkeeper: print this again after a Space was made or removed.
${global}${hosts.map((host) => `https://${host}${portOf(ports.https, 443)}`).join(', ')} {
${bind}${certificate === null ? '' : `\ttls ${certificate} ${key}\n`}\t@large expression \`{header.Content-Length} != "" && int({header.Content-Length}) > ${mostBytes}\`
\trespond @large 413
\trequest_body {
\t\tmax_size ${mostBytes}
\t}
\treverse_proxy${handler} ${address} {
\t\t# What a client says of these is thrown away.
\t\theader_up X-Forwarded-For {remote_host}
\t\theader_up X-Forwarded-Proto https
\t\theader_up X-Forwarded-Host {hostport}
${hidden.map((name) => `\t\theader_up -${name}`).join('\n')}
\t\t# Long replies pass while they arrive.
\t\tflush_interval -1
\t\ttransport http {
\t\t\tresponse_header_timeout ${PATIENCE_SECONDS}s
\t\t}
\t}
}
`
}

/** A whole haproxy.cfg for HAProxy 2.4 and newer. */
export const haproxyConfiguration = (front: Front): string => {
  const { hosts, upstream, ports, certificate, mostBytes } = front
  const address = upstream.kind === 'unix' ? `unix@${upstream.path}` : upstreamHost(upstream)
  const hidden = ['Forwarded', 'X-Forwarded-Port', ...front.privateHeaders]
  const isMounted = front.basePath === '' ? '' : ` { path_beg ${front.basePath} }`
  return `# Printed by sipkeeper: print this again after a Space was made or removed.
global
    maxconn 4096
    ssl-default-bind-options ssl-min-ver TLSv1.2

defaults
    mode http
    option httpslog
    timeout connect 5s
    timeout http-request 30s
    timeout http-keep-alive 60s
    timeout client ${PATIENCE_SECONDS}s
    timeout server ${PATIENCE_SECONDS}s

frontend sipkeeper_http
${listening(front)
  .map((on) => `    bind ${on}:${ports.http}${on.startsWith('[') ? ' v6only' : ''}`)
  .join('\n')}
    acl of_ours req.hdr(host),field(1,:),lower -m str ${hosts.join(' ')}
    http-request deny deny_status 421 unless of_ours
    http-request redirect code 308 location https://%[req.hdr(host),field(1,:),lower]${portOf(ports.https, 443)}%[capture.req.uri]

frontend sipkeeper_https
${listening(front)
  .map(
    (on) =>
      `    bind ${on}:${ports.https}${on.startsWith('[') ? ' v6only' : ''} ssl crt ${certificate} alpn h2,http/1.1`,
  )
  .join('\n')}
    acl of_ours req.hdr(host),field(1,:),lower -m str ${hosts.join(' ')}
    http-request deny deny_status 421 unless of_ours
    http-request deny deny_status 413 if { req.hdr_val(content-length) gt ${mostBytes} }
    # What a client says of these is thrown away.
${hidden.map((name) => `    http-request del-header ${name}`).join('\n')}
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto https
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    use_backend sipkeeper${isMounted === '' ? '' : ` if${isMounted}`}

backend sipkeeper
    option httpchk
    http-check send meth GET uri /up ver HTTP/1.1 hdr Host ${hosts[0]}
    server sipkeeper ${address} check
`
}
