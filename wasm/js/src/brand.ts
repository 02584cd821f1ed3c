/** `instanceof` across copies: `import` and `require` in one program load this package twice, each with classes of its own. */

/**
 * Lets `instanceof` know the objects that another copy's class of the same name made. Classes that extend this one are
 * told apart as usual.
 */
export function brand(type: abstract new (...made: any[]) => object, name: string): void {
  const mark = Symbol.for(`fastsession.${name}`);
  type.prototype[mark] = true;
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: typeof type, object: any): boolean {
      return this === type ? object?.[mark] === true : this.prototype.isPrototypeOf(object);
    },
  });
}
