import { auth, defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'

// A first configuration: force the builder `hello` on the web page. Give it your repository with steps.git, and a change source.
// Sign in as admin, with the password of secrets/admin; auth.github, auth.oidc and auth.userFile are there for more than one.
export default defineConfig({
  title: 'Yardmaster',
  workers: [workers.worker({ name: 'w1', password: util.secret('w1') })],
  builders: [
    {
      name: 'hello',
      workers: ['w1'],
      steps: [
        steps.shell({ name: 'where', command: ['uname', '-a'] }),
        steps.shell({ name: 'hello', command: ['echo', util.interpolate('hello from build %(prop:buildnumber)s')] }),
      ],
    },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: ['hello'] })],
  www: { auth: auth.users({ admin: util.secret('admin') }) },
})
