import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { hasProgram, prepared, serve } from '../support/executable.ts'

const HEADER = '/usr/include/linphone/core.h'
const canBuild = (): boolean => {
  if (!hasProgram('cc')) return false
  if (existsSync(HEADER)) return true
  if (process.env.CI === 'true') throw new Error(`${HEADER} is missing; CI installs liblinphone-dev`)
  process.stdout.write('skipped: liblinphone-dev is not installed\n')
  return false
}

describe.skipIf(!canBuild())('the account creator of a real Linphone', () => {
  test('bears our empty reply, and hears that its token is on the way', async () => {
    const place = await prepared({ APP_FLEXISIP_PUSHER_PATH: '/bin/true' })
    const running = await serve(place)
    const program = join(place.folder, 'account-creator')
    const source = join(import.meta.dir, 'account-creator.c')
    const built = Bun.spawnSync(['cc', '-o', program, source, '-llinphone'])
    expect(built.stderr.toString()).toBe('')

    // Without this folder the core never starts.
    mkdirSync(join(place.folder, '.local/share/linphone'), { recursive: true })
    const child = Bun.spawn([program, `${running.base}/api/`], {
      env: { HOME: place.folder, PATH: process.env.PATH ?? '' },
      stdout: 'pipe',
      stderr: 'ignore',
    })
    const output = await new Response(child.stdout).text()
    // 139: it read through a null pointer.
    expect([await child.exited, output.includes('answered: ok')]).toEqual([0, true])
    await running.stop()
    await place.remove()
  })
})
