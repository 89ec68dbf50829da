using System.Net;
using System.Security.Authentication;
using System.Text;
using AfsLike.Common;
using AfsLike.Common.Model;
using AfsLike.Host.Certificates;
using AfsLike.Host.Transport;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Storage;
using AfsLike.ViceServer.State;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace AfsLike.ViceServer.Network;

/// <summary>What the port serves.</summary>
internal sealed record PortServices(
    ServerConfiguration Configuration, MachineIdentity Identity, CertificateAuthority Authority, InviteDesk Invites,
    Vice.ViceService Server, Strand Strand, IChunkStore Chunks, Action<string> Log);

/// <summary>
/// The server's one port: TLS 1.3; sessions (<see cref="SharedPort"/> tells them apart), HTTP/2 for enrolment, HTTP/1.1 for bulk. A machine shows the cell's certificate or none; with
/// none it may enrol and read the authority's certificate, which is no secret. A certificate of any other authority ends the handshake.
/// </summary>
internal static class VicePort
{
    public static WebApplication Build(PortServices services)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            // Else ASP.NET watches everything below the working directory, and that may be our own mount.
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddSimpleConsole(options => options.SingleLine = true);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, services));
        builder.Services.AddSingleton(new SessionPort(services.Identity, services.Server, services.Strand, services.Log));
        builder.Services.AddSingleton<IConnectionListenerFactory, SharedPort>();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = Limits.BatchBytes;
            grpc.MaxSendMessageSize = null;
        });
        builder.Services.AddSingleton(services.Server);
        builder.Services.AddSingleton(services.Strand);
        builder.Services.AddSingleton(new EnrolmentService(services.Configuration, services.Authority, services.Invites, services.Server.Hosts, services.Strand, services.Log));
        var app = builder.Build();
        Map(app, services);
        app.Lifetime.ApplicationStopping.Register(app.Services.GetRequiredService<SessionPort>().Stop);
        return app;
    }

    /// <summary>Listens. Throws <see cref="AfsException"/> Unavailable, with one clear line, when the address cannot be had.</summary>
    public static async Task StartAsync(WebApplication app, string listen)
    {
        try
        {
            await app.StartAsync();
        }
        catch (IOException failure)
        {
            var why = failure.InnerException is AddressInUseException ? "another program listens there" : failure.Message;
            throw new AfsException(AfsError.Unavailable, $"cannot listen on {listen}: {why}", failure);
        }
    }

    private static void Configure(KestrelServerOptions kestrel, PortServices services)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 2 * Limits.ChunkSize;
        kestrel.Limits.Http2.InitialConnectionWindowSize = 8 * 1024 * 1024;
        kestrel.Limits.Http2.InitialStreamWindowSize = 4 * 1024 * 1024;
        kestrel.Limits.Http2.MaxFrameSize = 1024 * 1024;
        var (host, port) = HostPort.Parse(services.Configuration.Listen);
        var address = IPAddress.TryParse(host, out var parsed)
            ? parsed
            : host == "localhost" ? IPAddress.Loopback
            : throw new AfsException(AfsError.InvalidArgument, $"'{host}' is not an address to listen on; write for example 0.0.0.0:{port}");
        kestrel.Listen(address, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = services.Identity.Certificate,
                SslProtocols = SslProtocols.Tls13,
                ClientCertificateMode = ClientCertificateMode.AllowCertificate,
                ClientCertificateValidation = (certificate, _, _) => Tls.IsClientOfCell(certificate, services.Identity.Authority),
            });
        });
    }

    private static void Map(WebApplication app, PortServices services)
    {
        var bulk = new BulkEndpoints(services.Server, services.Strand, services.Chunks, services.Log);
        app.MapGrpcService<EnrolmentService>();
        app.MapGet("/bulk/{ticket}/{chunk}", bulk.GetAsync);
        app.MapPut("/bulk/{ticket}/{chunk}", bulk.PutAsync);
        app.MapGet("/authority", async context =>
        {
            context.Response.ContentType = "application/pkix-cert";
            await context.Response.BodyWriter.WriteAsync(services.Identity.Authority.RawData);
        });
        app.MapGet("/status", context => ReportAsync(context, services));
    }

    /// <summary>Counters, one "name value" a line: for machines of the cell.</summary>
    private static async Task ReportAsync(HttpContext context, PortServices services)
    {
        if (PeerHost.Of(context) is null)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var report = await services.Strand.InvokeAsync(() => Task.FromResult(services.Server.Report()));
        var text = new StringBuilder();
        foreach (var (name, value) in report)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{name} {value}\n");
        }

        await context.Response.WriteAsync(text.ToString());
    }
}
