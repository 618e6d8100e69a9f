import { closeSync, openSync, writeSync } from 'node:fs'
import type { Command } from 'commander'
import { isoMomentOrNull } from '../http/moment.ts'
import { closureOf } from '../nouns/standing.ts'
import { qrPng, qrTerminal } from '../protocols/qr.ts'
import { addressOfRecord } from '../protocols/sip-address.ts'
import { sentenceOf } from '../thrown.ts'
import { ACCOUNT, type AccountOptions, type Named, SPACE, withAccount } from './account.ts'
import { commandVisit } from './command-visit.ts'
import type { Opened } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { isColoured, print, warn } from './terminal.ts'

interface Options extends AccountOptions {
  readonly new?: boolean
  readonly png?: string
}

const tokenOf = ({ parts, world }: Opened, { account }: Pick<Named, 'account'>) => {
  const { sealedProvisioningToken: sealed, provisioningTokenCreatedAt: createdAt } = account
  const token = sealed === null ? null : parts.provisioningTokens.reveal(sealed)
  if (token === null || createdAt === null) return null
  const expiry = parts.provisioningTokens.expiryOf(createdAt)
  return expiry !== null && expiry <= world.now() ? null : { token, expiry }
}

/** Where a phone gets the account, once; null: it has no live token that can be shown. */
export const setUpUrl = (opened: Opened, found: Pick<Named, 'account' | 'space'>): string | null => {
  const { config } = opened
  const live = tokenOf(opened, found)
  return live === null
    ? null
    : `${commandVisit(config, found.space).baseUrl()}${config.BASE_PATH}/provisioning/${live.token}`
}

/** The code in half blocks, and what stands in it. */
export const showCode = (url: string): void => print(`${qrTerminal(url, { coloured: isColoured() })}${url}`)

/** Only its owner may read it: it opens the account. */
const writePicture = (file: string, url: string): void => {
  try {
    const descriptor = openSync(file, 'wx', 0o600)
    writeSync(descriptor, qrPng(url, { level: 'M' }))
    closeSync(descriptor)
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    if (isThere) throw new CommandError(`${file} is there already, and stays as it is.`, EXIT.refused)
    throw new CommandError(`${file} cannot be written: ${sentenceOf(error)}.`, EXIT.failed)
  }
}

/** The token that waits; where there is none, or another one is wanted, a new one. */
const current = async (opened: Opened, named: Named, isNew: boolean) => {
  const { account, space, visit } = named
  const found =
    !isNew && tokenOf(opened, named) !== null ? named : await opened.parts.accounts.issueToken(visit, space, account.id)
  const url = setUpUrl(opened, found)
  if (url === null) throw new CommandError('The token that was made cannot be shown.', EXIT.failed)
  return { url, expiry: tokenOf(opened, found)?.expiry ?? null }
}

export const accountQrCommand = (program: Command) =>
  program
    .command('accounts:qr')
    .argument('<account>', ACCOUNT)
    .option('--space <sip_domain>', SPACE)
    .option('--new', 'with a new token; the one before stops working')
    .option('--png <file>', 'write the code as a picture, which only you may read; nothing is replaced')
    .option('--json', 'print one JSON object, without the code')
    .description('show the QR code that sets up a phone with an account, once')
    .action((reference: string, _options, command: Command) => {
      const options = command.optsWithGlobals<Options>()
      return withAccount(options, reference, async (named, opened) => {
        const { url, expiry } = await current(opened, named, options.new === true)
        const address = addressOfRecord(named.account)
        const closure = closureOf(named.account)
        if (closure !== null) {
          warn(`${address} is ${closure === 'blocked' ? 'blocked' : 'switched off'}: this sets up nothing now.`)
        }
        if (options.png !== undefined) writePicture(options.png, url)
        if (options.json === true) {
          const { id } = named.account
          return print(JSON.stringify({ id, account: address, url, expires_at: isoMomentOrNull(expiry) }))
        }
        if (options.png !== undefined) return print(`The code of ${address} is in ${options.png}.`)
        showCode(url)
        if (expiry !== null) print(`Good until ${isoMomentOrNull(expiry)}.`)
      })
    })
