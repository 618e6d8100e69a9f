import { createHmac } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import { AppError } from '../../errors.ts'
import type { Secrets } from '../../secrets.ts'

/** Credentials for the TURN server of the operator (behaviour/accounts.md §6), which shares a secret with us. */
export const turn = ({ config, secrets, now }: { config: Config; secrets: Secrets; now: () => Date }) => ({
  /** They end by themselves: the user name is the moment, in seconds, and the password signs it. */
  credentials: () => {
    const { COTURN_SERVER_HOST: host, COTURN_STATIC_AUTH_SECRET: secret, COTURN_SESSION_TTL_MINUTES: minutes } = config
    if (host === null || secret === null || minutes === null || minutes <= 0)
      throw new AppError('not_found', 'turn.off', {
        setting: host === null ? 'COTURN_SERVER_HOST' : 'COTURN_STATIC_AUTH_SECRET',
      })
    const ttl = minutes * 60
    const username = `${Math.floor(now().getTime() / 1000) + ttl}:${secrets.token(16)}`
    const password = createHmac('sha1', secret).update(username).digest('base64')
    return { username, password, ttl, uris: [`turn:${host}`] }
  },
})

export type Turn = ReturnType<typeof turn>
