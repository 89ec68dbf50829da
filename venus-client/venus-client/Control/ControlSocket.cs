using AfsLike.Common.Model;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AfsLike.VenusClient.Control;

/// <summary>run/venus.sock: gRPC for afsx and the Butler of this host.</summary>
internal static class ControlSocket
{
    public static WebApplication Build(string path, Venus venus)
    {
        File.Delete(path);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Else ASP.NET watches everything below the working directory, and that may be our own mount.
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = Limits.BatchBytes;
            options.Interceptors.Add<FailureInterceptor>();
        });
        builder.Services.AddSingleton(venus);
        builder.Services.AddSingleton<VenusControlService>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ListenUnixSocket(path, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var app = builder.Build();
        app.MapGrpcService<VenusControlService>();
        return app;
    }

    /// <summary>Anyone on this host may ask; the kernel says who does.</summary>
    public static void OpenToAll(string path) => File.SetUnixFileMode(path, (UnixFileMode)0b110_110_110);
}
