/**
 * A SIP registrar for tests, over UDP: it knows accounts by their passwords, and tells who registered (RFC 3261 §10).
 */

export interface SipUser {
  readonly user: string
  readonly domain: string
  readonly password: string
  readonly algorithm: 'MD5' | 'SHA-256'
}

const hashOf = (algorithm: SipUser['algorithm'], text: string): string =>
  algorithm === 'MD5' ? Bun.MD5.hash(text, 'hex') : Bun.SHA256.hash(text, 'hex')

const header = (message: string, name: string): string =>
  new RegExp(`^${name}[ \\t]*:[ \\t]*(.*)$`, 'im').exec(message)?.[1]?.trim() ?? ''

const parameter = (credentials: string, name: string): string =>
  new RegExp(`\\b${name}="?([^",]*)"?`, 'i').exec(credentials)?.[1] ?? ''

const addressOf = (to: string): string => /sips?:([^>;\s]+)/i.exec(to)?.[1] ?? ''

/** Which account of `users` the credentials prove. */
const proven = (users: readonly SipUser[], address: string, credentials: string): boolean => {
  const known = users.find(({ user, domain }) => `${user}@${domain}` === address)
  if (known === undefined || credentials === '') return false
  const { user, domain, password, algorithm } = known
  const secret = hashOf(algorithm, `${user}:${domain}:${password}`)
  const read = (name: string) => parameter(credentials, name)
  const asked = hashOf(algorithm, `REGISTER:${read('uri')}`)
  const rest = read('qop') === '' ? read('nonce') : `${read('nonce')}:${read('nc')}:${read('cnonce')}:${read('qop')}`
  return read('username') === user && read('response') === hashOf(algorithm, `${secret}:${rest}:${asked}`)
}

const reply = (request: string, status: string, more: readonly string[] = []): string => {
  const copied = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(request, name)}`)
  const to = `To: ${header(request, 'To')};tag=registrar`
  return [`SIP/2.0 ${status}`, ...copied, to, ...more, 'Content-Length: 0', '', ''].join('\r\n')
}

export const sipRegistrar = async () => {
  let users: readonly SipUser[] = []
  const registered = new Set<string>()
  const refused = new Set<string>()

  const answer = (request: string): string => {
    if (!request.startsWith('REGISTER ')) return reply(request, '405 Method Not Allowed', ['Allow: REGISTER'])
    const address = addressOf(header(request, 'To'))
    const credentials = header(request, 'Authorization')
    if (proven(users, address, credentials)) {
      const isLeaving = header(request, 'Expires') === '0' || /expires=0\b/.test(header(request, 'Contact'))
      if (!isLeaving) registered.add(address)
      return reply(request, '200 OK', isLeaving ? [] : [`Contact: ${header(request, 'Contact')};expires=3600`])
    }
    if (credentials !== '') refused.add(address)
    const algorithm = users.find(({ user, domain }) => `${user}@${domain}` === address)?.algorithm ?? 'MD5'
    const realm = address.slice(address.indexOf('@') + 1)
    const challenge = `Digest realm="${realm}", nonce="${crypto.randomUUID()}", algorithm=${algorithm}, qop="auth"`
    // A second wrong answer is refused for good: a client would ask for the password from then on.
    if (credentials !== '' && refused.has(`${address}!`)) return reply(request, '403 Forbidden')
    if (credentials !== '') refused.add(`${address}!`)
    return reply(request, '401 Unauthorized', [`WWW-Authenticate: ${challenge}`])
  }

  const socket = await Bun.udpSocket({
    hostname: '127.0.0.1',
    socket: {
      data: (own, bytes, port, address) => {
        const request = bytes.toString()
        // Keep-alives are blank lines.
        if (/^[A-Z]+ /.test(request)) own.send(answer(request), port, address)
      },
    },
  })

  return {
    port: socket.port,
    /** Who there is from now on; nobody is registered yet. */
    knows: (...known: readonly SipUser[]): void => {
      users = known
      registered.clear()
      refused.clear()
    },
    /** `user@domain` of everybody who has registered since. */
    registered: (): string[] => [...registered].sort(),
    /** Whoever gave a wrong answer since. */
    refused: (): string[] => [...refused].filter((address) => !address.endsWith('!')).sort(),
    close: () => socket.close(),
  }
}
