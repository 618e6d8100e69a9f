/**
 * One connection to the Redis that `REDIS_*` names, or that a sentinel names: made at first use, replaced when broken.
 */

import { isIP } from 'node:net'
import type { Config } from '../config/config.ts'
import { sentenceOf } from '../thrown.ts'

export type RedisClient = InstanceType<typeof Bun.RedisClient>

type Work<Answer> = (client: RedisClient) => Promise<Answer>

interface Connection {
  readonly ready: Promise<RedisClient>
  /** It has carried an answer: when it fails now, it may have died unnoticed, and a new one deserves a try. */
  worked: boolean
  /** Whatever waits for an answer on it is rejected. */
  readonly close: () => void
}

interface Server {
  readonly scheme: string
  /** Percent-encoded, with its `@`; or empty. */
  readonly credentials: string
  /** Host and port. */
  readonly address: string
}

/** We replace what is broken ourselves, and keep no command for later: nobody waits that long. */
const OPTIONS = { autoReconnect: false, enableOfflineQueue: false } as const

/** Null when the configuration names none. */
export const redis = (config: Config) => {
  const { REDIS_MODE: mode, REDIS_SENTINEL_SERVICE: service } = config
  if (mode === 'single' && config.REDIS_URL === null && config.REDIS_HOST === null) return null
  const { server, database } = configured(config)
  const sentinel = sentinelOf(config)
  let current: Connection | null = null

  const connect = (): Connection => {
    const clients: RedisClient[] = []
    /** `who`: as the sentence of a failure names it. */
    const dial = async (who: string, { scheme, credentials, address }: Server): Promise<RedisClient> => {
      const client = new Bun.RedisClient(`${scheme}//${credentials}${address}`, OPTIONS)
      clients.push(client)
      try {
        await client.connect()
      } catch {
        throw new Error(`${who} does not answer, or refuses the password`) // the two look the same from here
      }
      return client
    }
    const dialMaster = async (): Promise<RedisClient> => {
      const guide = await dial('the sentinel', sentinel)
      const answer: unknown = await guide.send('SENTINEL', ['get-master-addr-by-name', service])
      guide.close()
      const [host, port] = Array.isArray(answer) ? answer : []
      if (typeof host !== 'string') throw new Error(`the sentinel knows no ${service}`)
      const address = addressOf(host, port)
      return dial(`the master ${address}`, { ...server, address })
    }
    const open = async (): Promise<RedisClient> => {
      const client = await (mode === 'sentinel' ? dialMaster() : dial('it', server))
      // Not in the address: Bun would go on in database 0 when the server refuses the one that is written there.
      if (database !== 0) await client.send('SELECT', [String(database)])
      return client
    }
    const made: Connection = {
      ready: open().catch((error) => {
        retire(made)
        // A refusal on the way is the connection's, not that of somebody's command.
        throw new Error(sentenceOf(error))
      }),
      worked: false,
      close: () => {
        for (const client of clients) client.close()
      },
    }
    return made
  }

  const retire = (connection: Connection): void => {
    if (current === connection) current = null
    connection.close()
  }

  /** One answer that does not come ends the connection for everybody: theirs would not come either. */
  const answered = async <Answer>(connection: Connection, work: Work<Answer>, limitMs: number): Promise<Answer> => {
    try {
      const answer = await within(limitMs, connection.ready.then(work))
      connection.worked = true
      return answer
    } catch (error) {
      if (!isRefusal(error) || isOfReplica(error)) retire(connection)
      throw error
    }
  }

  const connected = (): Connection => {
    current ??= connect()
    return current
  }

  return {
    /** For log lines and findings. */
    name: mode === 'sentinel' ? `${service} of the sentinel ${sentinel.address}` : server.address,

    /** What `work` gives, in `limitMs` at most. It may run a second time, on a new connection. */
    ask: async <Answer>(work: Work<Answer>, limitMs: number): Promise<Answer> => {
      const started = performance.now()
      const first = connected()
      const { worked } = first
      try {
        // A connection that a firewall has forgotten swallows everything; leave time for another one.
        return await answered(first, work, worked ? limitMs / 2 : limitMs)
      } catch (error) {
        const again = isOfReplica(error) || (worked && !isRefusal(error))
        if (!again) throw error
      }
      return answered(connected(), work, limitMs - (performance.now() - started))
    },

    close: (): void => {
      if (current !== null) retire(current)
    },
  }
}

/** Redis understood the command and says no; the connection is as good as before. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_REDIS_SERVER_ERROR'

/** A master that became a replica: another one has taken its place. */
const isOfReplica = (error: unknown): boolean => isRefusal(error) && sentenceOf(error).startsWith('READONLY')

async function within<Answer>(limitMs: number, work: Promise<Answer>): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${Math.round(limitMs)} ms`)), limitMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What stands in `REDIS_URL` wins over the settings for its parts; a sentinel replaces the address. */
function configured(config: Config): { readonly server: Server; readonly database: number } {
  const { REDIS_HOST: host, REDIS_PORT: port, REDIS_DB: database } = config
  const credentials = credentialsOf(config.REDIS_PASSWORD)
  if (config.REDIS_URL === null) {
    return { server: { scheme: 'redis:', credentials, address: addressOf(host ?? '', port) }, database }
  }
  const url = new URL(config.REDIS_URL)
  const isNamed = url.username !== '' || url.password !== ''
  return {
    server: {
      scheme: url.protocol,
      credentials: isNamed ? `${url.username}:${url.password}@` : credentials,
      address: addressOf(url.hostname, url.port === '' ? port : url.port),
    },
    database: /^\/\d{1,5}$/.test(url.pathname) ? Number(url.pathname.slice(1)) : database,
  }
}

const sentinelOf = (config: Config): Server => ({
  scheme: 'redis:',
  credentials: credentialsOf(config.REDIS_SENTINEL_PASSWORD),
  address: addressOf(config.REDIS_SENTINEL_HOST, config.REDIS_SENTINEL_PORT),
})

const credentialsOf = (password: string | null): string =>
  password === null ? '' : `:${encodeURIComponent(password)}@`

const addressOf = (host: string, port: number | string): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
