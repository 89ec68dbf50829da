using AfsLike.Conformance.Harness;

namespace AfsLike.Conformance;

/// <summary>`./dev` where a Debian package is missing: a copy of it, on a PATH without clang and with an apt-get and a dotnet of ours.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly string _directory = Repository.NewDirectory();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Who_may_not_install_packages_is_told_exactly_what_to_type()
    {
        await PrepareAsync();
        var refused = (await Shell.RunAsync(
            ["setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups", "env", "AFSLIKE_AOT=1", $"PATH={_directory}/bin", $"{_directory}/clone/dev", "build"])).Refused(1);
        Assert.Matches("sudo apt-get install -y .*clang", refused.Error);
        Assert.False(File.Exists($"{_directory}/asked"));
    }

    [Fact]
    public async Task Who_may_install_packages_gets_them_and_is_told_so()
    {
        await PrepareAsync();
        var built = await Shell.RunAsync(["env", "AFSLIKE_AOT=1", $"PATH={_directory}/bin", $"{_directory}/clone/dev", "build"]);
        Assert.Matches("installing what is needed to build: .*clang", built.Error);
        Assert.Matches("^install -y --no-install-recommends .*clang", await File.ReadAllTextAsync($"{_directory}/asked"));
        Assert.Contains("does not build", built.Error, StringComparison.Ordinal); // our dotnet builds nothing: it came as far as that
    }

    private async Task PrepareAsync() => (await Shell.RunAsync(["sh", "-euc", $"""
        cd '{_directory}'; chmod 777 .; mkdir clone bin; chmod 777 clone
        cp -r '{Repository.Dev}' '{Repository.Dev}.d' clone
        for tool in /usr/bin/* /usr/local/bin/*; do ln -sf "$tool" bin/; done
        rm -f bin/clang bin/apt-get bin/dotnet bin/sudo
        printf '#!/bin/sh\necho "$@" >> %s/asked\n' '{_directory}' > bin/apt-get
        printf '#!/bin/sh\n[ "$1" = --version ] && echo 10.0.100\n' > bin/dotnet
        chmod 755 bin/apt-get bin/dotnet
        """])).Ok();
}
