import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { apiDocument } from '../api-document/api-document.ts'
import { app } from '../app.ts'
import type { Config } from '../config/config.ts'
import { type GlobalOptions, loadSettings, withServicesOf } from './context.ts'
import { print } from './terminal.ts'

/** What a server with these settings serves, read off one that nobody keeps: the real database need not be there. */
const documentOf = async (config: Config, server: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-openapi-'))
  const passing = { ...config, DATABASE_URL: null, DATA_DIR: folder, APP_KEY: null }
  try {
    return await withServicesOf(passing, async ({ parts }) => ({
      ...apiDocument(app(parts).routes),
      servers: [{ url: server }],
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const openapiCommand = (program: Command) =>
  program
    .command('openapi')
    .option('--server <url>', 'the address of the API, as its clients know it')
    .description('print the OpenAPI document of the API, as /api/openapi.json serves it')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { server?: string }>()
      const { config } = loadSettings(options)
      const { server = config.BASE_PATH || '/' } = options
      print(JSON.stringify(await documentOf(config, server), null, 2))
    })
