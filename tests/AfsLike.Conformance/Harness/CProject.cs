namespace AfsLike.Conformance.Harness;

/// <summary>A C project made in place: 300 functions in 300 files, and a main that prints their sum (0 + 1 + ... + 299).</summary>
public static class CProject
{
    public static readonly string Script = ScriptOf(300);

    /// <summary>Writes a project of so many C files, which `make` builds to a program `sum` that prints the sum of their numbers.</summary>
    public static string ScriptOf(int files) => $$"""
        i=0
        : > all.h
        echo '#include <stdio.h>' > main.c
        echo '#include "all.h"' >> main.c
        echo 'int main(void) { int sum = 0;' >> main.c
        while [ $i -lt {{files}} ]; do
          printf '#include "all.h"\nint f%d(void) { return %d; }\n' $i $i > f$i.c
          echo "int f$i(void);" >> all.h
          echo "sum += f$i();" >> main.c
          i=$((i + 1))
        done
        printf '%s\n' 'printf("%d\n", sum); return 0; }' >> main.c
        printf 'OBJECTS = $(patsubst %%.c,%%.o,$(wildcard *.c))\nsum: $(OBJECTS)\n\tcc -o $@ $(OBJECTS)\n%%.o: %%.c all.h\n\tcc -O1 -c -o $@ $<\n' > Makefile
        """;
}
