/* The page of the test: Buildbot's data client, and what the test asks of it by name. `angular` and `bbData` are loaded before. */
const injector = globalThis.angular.bootstrap(document.body, ['bbData'])
const data = injector.get('dataService')
const keys = []
injector.get('socketService').eventStream.subscribe(({ k }) => keys.push(k))

const accessors = {}
const collections = {}
const getter = name => `get${name[0].toUpperCase()}${name.slice(1)}`
const plain = item => Object.fromEntries(Object.entries(item).filter(([key, value]) => !/^[$_]/.test(key) && typeof value !== 'function'))
const rows = collection => Array.from(collection).map(plain)

globalThis.client = {
  /** Once, without following. */
  get: (path, query) => new Promise(resolve => {
    const collection = data.get(...path, query)
    collection.onChange = () => resolve(rows(collection))
  }),
  /** From here on `rows` has the collection as it is; of an accessor of this name. */
  follow: (name, accessor, [root, ...rest], query) => {
    accessors[accessor] ??= data.open()
    collections[name] = accessors[accessor][getter(root)](...rest, query)
  },
  /** The same of what belongs to the first of a collection. */
  followOf: (name, parent, what, query) => { collections[name] = collections[parent][0][getter(what)](query) },
  rows: name => (collections[name].$resolved ? rows(collections[name]) : null),
  /** By one of a collection: { result } or, as the client is told of it, { refused }. */
  control: (name, id, method, params) => collections[name].get(id).control(method, params).then(({ result }) => ({ result }), refused => ({ refused })),
  close: accessor => accessors[accessor].close(),
  keys: () => keys,
}
