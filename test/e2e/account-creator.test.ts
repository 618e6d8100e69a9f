import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { prepared, serve } from '../support/executable.ts'
import { canBuildClients, runClient } from '../support/linphone.ts'

describe.skipIf(!canBuildClients())('the account creator of a real Linphone', () => {
  test('bears our empty reply, and hears that its token is on the way', async () => {
    const place = await prepared({ APP_FLEXISIP_PUSHER_PATH: '/bin/true' })
    const running = await serve(place)
    const source = join(import.meta.dir, 'account-creator.c')
    const { code, output } = await runClient(source, place.folder, [`${running.base}/api/`])
    // 139: it read through a null pointer.
    expect([code, output.includes('answered: ok')]).toEqual([0, true])
    await running.stop()
    await place.remove()
  })
})
